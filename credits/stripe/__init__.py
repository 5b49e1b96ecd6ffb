"""Stripe: the client, who its customers are, and the inbox of its events (C-8 to C-11)."""
