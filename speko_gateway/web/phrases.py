"""What to say to the offline voice first: a few of the sentences it is known to hear and answer well."""

DEMO_PHRASES = (
    "hello",
    "what are your opening hours",
    "what can you do",
    "i would like to book an appointment",
    "tomorrow at ten",
    "yes please",
    "goodbye",
)
