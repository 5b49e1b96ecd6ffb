"""The tables of this app, by room."""

from credits.ledger.models import Account, Entry, Hold
from credits.prices.models import Package, Plan, Price

__all__ = ["Account", "Entry", "Hold", "Package", "Plan", "Price"]
