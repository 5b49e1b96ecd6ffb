"""Registers what credits offer to the other floors."""

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """Credits."""

    name = "credits"
