"""How a caller's audio and frames reach a session, one file a transport."""
