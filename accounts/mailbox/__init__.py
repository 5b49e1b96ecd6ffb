"""The demo's mailbox: what would have been sent, since the demo has no way out."""
