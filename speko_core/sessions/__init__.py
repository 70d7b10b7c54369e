"""Voice sessions: created here, frozen into a plan, carried out by the worker, reported back."""
