"""Tags of the marketplace's pages."""
