"""The search page: a filter, its live counts, a preview, and the price of pulling (S-5)."""
