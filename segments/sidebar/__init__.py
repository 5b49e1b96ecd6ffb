"""The filter sidebar: simple form fields become a filter document, and a filter becomes them."""
