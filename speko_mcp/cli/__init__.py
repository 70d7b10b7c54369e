"""What `speko init` does, without its questions and tables: write, remove and check this server in the configuration
files of coding agents. Nothing here needs a running server, a database or the optional packages."""
