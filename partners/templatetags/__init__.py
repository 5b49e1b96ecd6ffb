"""Tags of partners."""
