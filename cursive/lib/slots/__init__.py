"""Periodic work once per slot, however many beats tick and however often a task is redelivered."""
