"""The business at a glance, for staff (N-8, N-9)."""
