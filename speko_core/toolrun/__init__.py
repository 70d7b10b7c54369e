"""Running the tools a model calls: once each, within a budget, and with what comes back kept at a distance."""
