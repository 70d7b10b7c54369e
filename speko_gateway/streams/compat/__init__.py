"""OpenAI's endpoints over the same calls: a client of theirs works here after its base URL is changed (ONE-9).

Nothing is decided in here: requests are put into our words, answers into theirs. `routes.py` lists the doors.
"""
