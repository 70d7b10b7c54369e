"""What the core needs from outside, as Protocols in our words. Implementations live in `adapters/`."""
