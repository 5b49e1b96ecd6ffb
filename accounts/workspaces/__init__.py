"""Users, workspaces, and who belongs to which in which role (A-1 to A-5)."""
