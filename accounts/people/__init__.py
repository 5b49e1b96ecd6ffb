"""Who is in a workspace: roles, removing, leaving (A-2)."""
