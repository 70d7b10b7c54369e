"""The do-not-call list: numbers that an organization must never dial."""
