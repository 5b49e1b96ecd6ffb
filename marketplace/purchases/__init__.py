"""Buying listings: cart, the sale, orders, reports of bad leads."""
