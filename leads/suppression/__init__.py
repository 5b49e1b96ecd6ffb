"""The suppression list: people who asked never to be contacted, by keyed hashes (A-18)."""
