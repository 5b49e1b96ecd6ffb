"""Business profiles: what a workspace sells, to whom, in which tone (A-5)."""
