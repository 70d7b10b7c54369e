"""Connected apps: an organization connects an account of another service, and its agents' tools act with it."""
