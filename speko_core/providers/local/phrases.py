"""What the offline voice understands best: the demo phrases, and the grammar of everyday answers built around them.

The grammar is JSGF (Java Speech Grammar Format). Every word must be in cmudict; a test holds that.
"""

_DEMO_PHRASES = (
    "hello",
    "good morning",
    "what are your opening hours",
    "when are you open",
    "are you open on saturday",
    "where are you located",
    "how much does it cost",
    "what can you do",
    "who are you",
    "i would like to book an appointment",
    "i need to change my appointment",
    "i want to cancel my appointment",
    "tomorrow at ten",
    "monday at three in the afternoon",
    "next friday",
    "my name is john smith",
    "my phone number is five five five one two three four",
    "can i speak to a person",
    "can you repeat that",
    "yes",
    "yes please",
    "no",
    "no thank you",
    "that is correct",
    "thank you",
    "goodbye",
)

RULES = """\
<digit> = zero | oh | one | two | three | four | five | six | seven | eight | nine;
<hour> = one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve;
<minute> = fifteen | thirty | forty five;
<weekday> = monday | tuesday | wednesday | thursday | friday | saturday | sunday;
<part> = in the morning | in the afternoon | in the evening;
<clock> = <hour> [<minute>] [o'clock] [<part>] | noon;
<day> = today | tomorrow | [next | this] <weekday> | tomorrow morning | tomorrow afternoon;
<when> = [on] <day> [at <clock>] | [at] <clock> | <day> <part>;
<name> = john smith;
<want> = i would like to | i want to | i need to | can i | i'd like to;
<visit> = an appointment | my appointment | a meeting;
<greet> = hello | hi | hi there | hello there | good morning | good afternoon | good evening;
<bye> = goodbye | bye | bye bye | thank you goodbye | thanks bye;
<yesno> = yes | yes please | yeah | sure | okay | that is correct | that's correct | correct | that's right
  | no | no thank you | no thanks | nope | that is wrong | not today;
<ask> = what are your [opening] hours | when are you open | when do you open | when do you close
  | are you open [on] (today | tomorrow | <weekday>) | where are you [located] | what is your address
  | how much does it cost | how much is it | what does it cost | what can you do | who are you | what is your name
  | can you help me | can you repeat that | can you say that again | how are you;
<book> = <want> (book | make | schedule) <visit> [<when>] | <want> (change | move | reschedule | cancel) <visit>;
<person> = [can i | i want to | i would like to] speak to (a person | someone | a human) | speak to a human;
<thanks> = thank you | thanks | thank you very much | that's all | that is all;
<me> = [my name is | this is] <name> | [my phone number is | my number is | it is] <digit>+;
"""

TOPICS = ("greet", "bye", "yesno", "ask", "book", "person", "thanks", "me", "when")


def demo_phrases() -> tuple[str, ...]:
    """Sentences the offline voice both hears and answers well; shown on the talk page and in the guide."""
    return _DEMO_PHRASES
