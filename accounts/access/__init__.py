"""Who is asking, for which workspace, and what they may do (A-2, A-6, X-1)."""
