"""Search over the product's own documentation: the pages in `docs/`, by section."""
