"""Who sells: applications, their approval, and the portal."""
