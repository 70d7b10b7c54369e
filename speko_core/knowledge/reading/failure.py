"""Why a document cannot be read, in a sentence for the person who sent it."""


class Unreadable(Exception):
    """The document will not be read by trying again; the text says why."""
