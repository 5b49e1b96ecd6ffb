"""How well leads fit: one rule in SQL, kept up to date, shown, and tried before it changes."""
