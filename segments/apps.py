"""Registers what segments offer to the other floors."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """Segments."""

    name = "segments"
