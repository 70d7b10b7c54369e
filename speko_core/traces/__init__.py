"""Where the time of a call went: its spans, as its worker measured them."""
