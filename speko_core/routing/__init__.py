"""Which provider serves a call: intent, snapshot, policy and a pure selector. Nothing here calls a provider."""
