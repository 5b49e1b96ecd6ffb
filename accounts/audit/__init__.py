"""The audit log: who did what, when, from where (A-7, A-9)."""
