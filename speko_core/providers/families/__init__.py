"""Wires that several vendors share. A vendor is facts plus a small delta on one of these."""
