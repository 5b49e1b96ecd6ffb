"""Plans: what a workspace has subscribed to, and what that gives it each month (C-13)."""
