"""Buying credits: Checkout, auto-reload, refunds, disputes, the comparison with Stripe's books."""
