"""People, workspaces, access, audit."""
