"""What to say to the offline recogniser first: short phrases of everyday calls, which it hears well."""

DEMO_PHRASES = (
    "hello",
    "what are your opening hours",
    "i'd like to book an appointment",
    "tomorrow at ten",
    "yes please",
    "goodbye",
)
