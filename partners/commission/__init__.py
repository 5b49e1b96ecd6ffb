"""What partners earn: rates, sold leads, their ledger, payouts."""
