"""Brings people from files into a workspace: upload, map, preview, import (L-18, L-19)."""
