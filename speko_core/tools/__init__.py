"""Tools of agents: what a model may do besides talking, and where each of them runs."""
