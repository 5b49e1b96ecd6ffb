"""API keys: made, shown once, used, revoked (A-6)."""
