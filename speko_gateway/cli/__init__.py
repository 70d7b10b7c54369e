"""The `speko` command. Each module holds one command; `main` loads only the one that is asked for."""
