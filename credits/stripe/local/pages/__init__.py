"""The hosted pages: Checkout, the customer portal, an invoice. No script, one style sheet."""
