"""The API's schema, and its reference for people."""
