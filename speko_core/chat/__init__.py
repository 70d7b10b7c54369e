"""Text chat with an agent: the prompt, tools and knowledge of a call, and a transcript like a call's (SES-11)."""
