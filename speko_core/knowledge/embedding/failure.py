"""Why a text got no embedding."""


class EmbeddingFailed(Exception):
    """No embedding now; the text says why, for the person whose document waits. Another attempt may succeed."""
