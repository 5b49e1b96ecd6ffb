"""The lead list: what is shown of which leads, in which order, and filters kept for later (L-6)."""
