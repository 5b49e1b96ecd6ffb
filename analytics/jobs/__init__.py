"""The pages of long work: list, progress, cancel, retry (L-21)."""
