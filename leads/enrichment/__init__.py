"""Fills in lists of people: match, see the price, pay, download (L-20)."""
