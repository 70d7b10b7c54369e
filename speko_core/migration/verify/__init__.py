"""Proof of equivalence: scenarios written from a source and tried on what was built from it."""
