"""Everyday sentences: greetings, thanks, goodbye, who are you. Facts come from the prompt or the caller only."""

from collections.abc import Sequence

from speko_core.providers.sandbox.conversation import Conversation
from speko_core.providers.sandbox.extraction import Heard, names_a_time, spoken_name, spoken_phone
from speko_core.providers.sandbox.knowledge import topics_in
from speko_core.providers.sandbox.notes import wants_cancellation
from speko_core.providers.sandbox.persona import MARKER, farewell, greeting, identity
from speko_core.providers.sandbox.text import joined, yes_or_no
from speko_core.providers.sandbox.words import question_tokens, raw_words, spaced

_GREETINGS = frozenset(
    {"hello", "hi", "hey", "hello there", "hi there", "good morning", "good afternoon", "good evening"}
)
_GOODBYES = ("goodbye", "good bye", "bye", "see you", "that's all", "that is all")
_THANKS = ("thank you", "thanks")
_QUESTION_WORDS = ("what", "when", "where", "how", "are you", "do you", "is ")
MAX_TOOLS_NAMED = 4
MAX_TIME_WORDS = 8


def opening(conversation: Conversation) -> str:
    """The first words of a call: what the prompt says to greet with, or a plain greeting."""
    return greeting(conversation.prompt) or "Hello, how can I help you?"


def reply(conversation: Conversation, text: str) -> str | None:
    """An answer to an everyday sentence, or None when it is none."""
    spoken = " ".join(raw_words(text))
    for answer in (_social, _about_itself, _about_service, _about_caller):
        said = answer(conversation, spoken, text)
        if said is not None:
            return said
    return None


def is_goodbye(text: str) -> bool:
    """True when the caller ends the conversation."""
    spoken = " ".join(raw_words(text))
    return _starts_or_ends(spoken, _GOODBYES)


def wants_person(text: str) -> bool:
    """True when the caller asks for a human being."""
    words = set(raw_words(text))
    return bool(words & {"human", "person", "someone", "somebody", "representative", "operator"}) and bool(
        words & {"speak", "talk", "human", "transfer", "connect", "representative", "operator"}
    )


def fallback(conversation: Conversation) -> str:
    """What is left when nothing fits: what it can do, and what it is."""
    return f"{capabilities(conversation)} For real answers, configure a language model."


def capabilities(conversation: Conversation) -> str:
    """What this agent can do, from its tools and the facts of its prompt."""
    deeds = [spaced(tool.name) for tool in conversation.tools[:MAX_TOOLS_NAMED]]
    topics = topics_in(conversation.prompt)
    if topics:
        deeds.append(f"tell you about {joined(topics)}")
    return f"I can {joined(deeds)}." if deeds else "I can only answer simple phrases."


def _social(conversation: Conversation, spoken: str, text: str) -> str | None:
    if is_goodbye(text):
        return farewell(conversation.prompt) or "Goodbye."
    if spoken in _GREETINGS:
        return "Hello. What can I do for you?" if conversation.agent_texts else opening(conversation)
    if spoken.startswith("how are you"):
        return "I am fine, thank you. How can I help you?"
    consent = yes_or_no(text)
    if consent is False:
        return _after_no(conversation)
    if _starts_or_ends(spoken, _THANKS) and len(spoken.split()) <= 5:
        return "You are welcome. Is there anything else?"
    return "All right. What would you like to do?" if consent else None


def _after_no(conversation: Conversation) -> str:
    if conversation.agent_texts and conversation.agent_texts[-1].endswith("anything else?"):
        return farewell(conversation.prompt) or "All right. Goodbye."
    return "All right. Is there anything else?"


def _about_itself(conversation: Conversation, spoken: str, _text: str) -> str | None:
    if _contains(spoken, ("who are you", "what is your name", "what's your name", "who am i talking to")):
        return identity(conversation.prompt) or "I am a voice agent."
    if _contains(spoken, ("are you a robot", "are you human", "are you real", "are you a bot")):
        return "I am a simple program. I follow rules; I am not a person."
    if _contains(spoken, ("what can you do", "how can you help", "can you help me", "what do you do")):
        return capabilities(conversation)
    if _contains(spoken, ("repeat that", "say that again", "say again", "pardon")):
        return _last_said(conversation.agent_texts)
    return None


def _about_service(conversation: Conversation, spoken: str, text: str) -> str | None:
    if wants_person(text):
        return "I cannot transfer you: no transfer is set up for this agent."
    if wants_cancellation(text):
        return "I cannot cancel it: this agent has no tool for that yet."
    if {"hours", "place", "price"} & set(question_tokens(text)) and spoken.startswith(_QUESTION_WORDS):
        return "My prompt does not say that, so I cannot tell you."
    return None


def _about_caller(_conversation: Conversation, _spoken: str, text: str) -> str | None:
    heard = Heard(text)
    name = spoken_name(heard)
    if name is not None:
        return f"Thank you, {name}. How can I help you?"
    phone = spoken_phone(heard)
    if phone is not None:
        return f"Thank you, I heard the number {' '.join(phone)}."
    if names_a_time(heard) and len(heard.words) <= MAX_TIME_WORDS:
        return f"I heard {heard.clean}. What would you like to do then?"
    return None


def _last_said(texts: Sequence[str]) -> str:
    last = texts[-1].replace(MARKER, "").strip() if texts else ""
    return last or "I have not said anything yet."


def _contains(spoken: str, phrases: Sequence[str]) -> bool:
    return any(phrase in spoken for phrase in phrases)


def _starts_or_ends(spoken: str, phrases: Sequence[str]) -> bool:
    padded = f" {spoken} "
    return any(padded.startswith(f" {phrase} ") or padded.endswith(f" {phrase} ") for phrase in phrases)
