"""The settings without metering and limits: the yardstick of what those cost."""

from cursive.settings import *  # noqa: F403
from cursive.settings import MIDDLEWARE as ALL

MIDDLEWARE = [name for name in ALL if not name.startswith("credits.metering.")]
