"""Registers what analytics offer to the other floors."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Analytics."""

    name = "analytics"
