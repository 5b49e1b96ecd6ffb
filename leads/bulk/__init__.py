"""Many leads changed at once: by their ids, or all that match a filter (L-17)."""
