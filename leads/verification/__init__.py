"""Whether mail to a lead's address arrives: asked of others, once a month (L-15, L-16)."""
