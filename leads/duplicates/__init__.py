"""Records that may be one person: finding them, and merging what the user confirms (L-12, L-14)."""
