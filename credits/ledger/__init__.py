"""The ledger: each workspace's credits, every change of them, and what is held for running work."""
