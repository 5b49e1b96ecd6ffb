"""Files that members upload: how each is read, and what its columns mean."""
