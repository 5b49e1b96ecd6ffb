"""Lets templates say `{% load ui %}`."""
