"""Reading documents: from bytes to blocks of text with their headings and pages.

Parsers run in a process of their own (`program.py`), so nothing here may import what that process does not need.
"""
