"""Invitations into a workspace by e-mail: signed, single use, seven days (A-3)."""
