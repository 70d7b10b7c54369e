"""Knowledge bases: documents an agent can look things up in, read, cut, embedded and searched."""
