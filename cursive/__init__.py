"""Cursive sells B2B leads by the credit."""

from .celery import app as celery_app

__all__ = ["celery_app"]
