"""Overage: API calls past a plan's limit, counted for each period and invoiced once (C-20)."""
