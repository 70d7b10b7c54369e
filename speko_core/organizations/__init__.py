"""The organization itself: its settings, and what it may ask about its data."""
