"""Saved segments: a named filter that is counted, shared, and pulled with one click (S-7, S-8)."""
