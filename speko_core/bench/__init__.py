"""Benchmarks run by the operator: own recordings, texts and tasks, figures with intervals, a snapshot to publish."""
