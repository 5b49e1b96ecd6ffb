"""The filter language: one document says who is meant, in the catalogue and in the lead list."""
