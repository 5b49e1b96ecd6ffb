"""Lists that partners hand in: upload, validation, quality, review."""
