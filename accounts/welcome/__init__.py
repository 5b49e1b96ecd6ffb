"""First steps after sign-up: make a workspace, or join one that one is invited to (A-1)."""
