"""Leads that partners offer: who is on sale, what buyers see of them, and finding them."""
