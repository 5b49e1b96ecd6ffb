"""The filter sidebar, of the search page and of the lead list: its form fields become a filter
document, and a filter becomes them."""
