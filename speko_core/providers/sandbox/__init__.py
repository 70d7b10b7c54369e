"""The `sandbox-1` language model: rules over the request, no network, the same answer every time."""
