"""Embeddings: a local model, a vendor's, or one of a server of your own."""
