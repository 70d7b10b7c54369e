"""Speech to speech: one model hears and speaks; a bridge between the caller's socket and a vendor's."""
