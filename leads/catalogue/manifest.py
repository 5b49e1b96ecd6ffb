"""What a load that was killed goes on from."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Manifest:
    """What a load has done so far. Names are of files in its folder."""

    path: str
    options: dict[str, object]
    as_of: str
    position: list[int] | None = None
    parts: list[str] = field(default_factory=list)
    rows_read: int = 0
    rejected: int = 0
    is_read: bool = False
    #: The version merged into (0 for none), how far its people are staged, and its parts.
    base: int | None = None
    base_staged: int = 0
    base_parts: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    ranges: int = 0
    next_id: int = 1
    merged: int = 0
    suppressed: int = 0
    #: Merged people who aren't in the version, each as (key, id): they'd have the id again.
    absent: list[tuple[str, int]] = field(default_factory=list)
    #: Ids of merged people who were left out because they are suppressed.
    left_out: list[int] = field(default_factory=list)
    #: The version that is complete, and the people in it: only its publication may be missing.
    built: int | None = None
    built_rows: int = 0
