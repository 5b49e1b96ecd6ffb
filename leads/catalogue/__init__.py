"""The shared lead database: built, published and searched as immutable snapshots."""
