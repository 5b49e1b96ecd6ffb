"""`{% load ui %}`: the tags live in `cursive.lib.ui.tags`."""

from cursive.lib.ui.tags import register

__all__ = ["register"]
