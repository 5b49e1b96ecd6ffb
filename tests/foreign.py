"""Files that others made, which aren't part of the project: in the folder CURSIVE_EXTRA_DATA."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("CURSIVE_EXTRA_DATA") or ROOT / "../shared/data").resolve()
needs_foreign_files = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no foreign files at {DATA} (set CURSIVE_EXTRA_DATA)"
)
