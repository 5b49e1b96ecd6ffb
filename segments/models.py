"""The tables of this app, by room."""

from segments.saved.models import Segment

__all__ = ["Segment"]
