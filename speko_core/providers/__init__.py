"""Providers: facts in `catalog/<vendor>.toml` plus one adapter file where a vendor really differs."""
