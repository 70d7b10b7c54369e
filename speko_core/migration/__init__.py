"""Migration from other voice-AI platforms: pure functions that read a configuration, account for every value, and
write the requests that create the same agent here. Nothing here calls the network, stores or executes anything.
"""
