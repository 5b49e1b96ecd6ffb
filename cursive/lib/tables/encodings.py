"""Finds out in which encoding a file's text is."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from charset_normalizer import from_bytes

from .table import TableRefused

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Encodings in which a newline is always the byte 0x0A or 0x0D and nothing else.
_LEGACY = frozenset(
    {f"cp{n}" for n in (437, 737, 775, 850, 852, 857, 858, 860, 861, 862, 863, 865, 866, 874)}
    | {f"cp{n}" for n in (932, 936, 949, 950)}
    | {f"cp125{n}" for n in range(9)}
    | {f"iso8859-{n}" for n in range(1, 17)}
    | {"latin-1", "ascii", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "mac-latin2"}
    | {"mac-greek", "mac-turkish", "mac-iceland", "tis-620", "euc_jp", "euc_kr", "shift_jis"}
    | {"big5", "big5hkscs", "gb2312", "gbk", "gb18030", "johab", "hp-roman8", "kz1048", "ptcp154"}
)
_LEGACY_NAMES = frozenset(
    codecs.lookup(name).name for name in _LEGACY if name not in {"iso8859-12"}
)
_LABELS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "utf-32-le": "UTF-32 (little-endian)",
    "utf-32-be": "UTF-32 (big-endian)",
    "cp1252": "Windows-1252",
}
_LETTER_RUN = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Encoding:
    """`codec` for Python, the length of the byte order mark, and bytes in a unit (1, 2, 4)."""

    codec: str
    bom: int = 0
    unit: int = 1

    @property
    def label(self) -> str:
        """The name as people know it."""
        return _LABELS.get(self.codec, self.codec)


def named_encoding(name: str, head: bytes) -> Encoding:
    """Return the encoding that a user asked for. Raises TableRefused for names that aren't one."""
    marked = _marked(head)
    try:
        codec = codecs.lookup(name.strip()).name
    except (LookupError, ValueError) as error:
        raise TableRefused(f"There is no encoding called '{name[:50]}'.") from error
    if codec in {"utf-16", "utf-32"}:
        codec = marked.codec if marked and marked.codec.startswith(codec) else f"{codec}-le"
    codec = {"utf-8-sig": "utf-8"}.get(codec, codec)
    if codec not in _LABELS and codec not in _LEGACY_NAMES:
        raise TableRefused(f"Tables in the encoding '{name[:50]}' can't be read. Use UTF-8.")
    bom = marked.bom if marked and marked.codec == codec else 0
    return Encoding(codec, bom, _unit(codec))


def detect_encoding(head: bytes, later: Iterable[bytes] = (), *, whole: bool) -> Encoding:
    """Return the encoding of a file that begins with `head` (`whole`: and ends with it).

    A byte order mark says it; NUL in every other byte means UTF-16; what reads as UTF-8 is that.
    Otherwise it is an encoding from before Unicode: Windows-1252 where that gives plausible words,
    else the best guess. `later` holds samples from further on, looked at while all is ASCII.
    """
    marked = _marked(head)
    if marked:
        return marked
    if b"\x00" in head:
        wide = _wide(head)
        if wide:
            return wide
    if not head.isascii():
        return _of_sample(head, whole=whole)
    for sample in later:
        if not sample.isascii():
            return _of_sample(sample, whole=False)
    return Encoding("utf-8")


def _marked(head: bytes) -> Encoding | None:
    for bom, codec in _BOMS:
        if head.startswith(bom):
            if len(bom) == 2:
                # Some programs put UTF-16's mark before UTF-32.
                wide = _wide(head[2:])
                if wide and wide.unit == 4:
                    return Encoding(wide.codec, 2, 4)
            return Encoding(codec, len(bom), _unit(codec))
    return None


def _unit(codec: str) -> int:
    return 2 if codec.startswith("utf-16") else 4 if codec.startswith("utf-32") else 1


def _wide(head: bytes) -> Encoding | None:
    """UTF-16 or UTF-32 without a mark: mostly ASCII, so NULs stand at fixed places."""
    sample = head[: len(head) // 4 * 4][:8192]
    if len(sample) < 4:
        return None
    share = [sample[i::4].count(0) / (len(sample) // 4) for i in range(4)]
    if all(s > 0.7 for s in share[1:]) and share[0] < 0.1:
        return Encoding("utf-32-le", 0, 4)
    if all(s > 0.7 for s in share[:3]) and share[3] < 0.1:
        return Encoding("utf-32-be", 0, 4)
    even, odd = (share[0] + share[2]) / 2, (share[1] + share[3]) / 2
    if odd > 0.4 and even < 0.05:
        return Encoding("utf-16-le", 0, 2)
    if even > 0.4 and odd < 0.05:
        return Encoding("utf-16-be", 0, 2)
    return None


def _of_sample(sample: bytes, *, whole: bool) -> Encoding:
    """Judge bytes of which some aren't ASCII."""
    text = sample.decode("utf-8", "surrogateescape")
    if not whole:
        # The sample may begin and end in the middle of a character.
        text = text[3:-3] if len(text) > 100 else text[:-3] if len(text) > 10 else text
    bad = sum(1 for c in text if "\udc80" <= c <= "\udcff")
    good = sum(1 for c in text if c > "\x7f") - bad
    if good > 10 * bad or not bad or (good and _is_mostly_utf8(text)):
        return Encoding("utf-8")
    return Encoding(_legacy(sample))


def _is_mostly_utf8(text: str) -> bool:
    """Whether as many lines are UTF-8 as aren't: then the others are at fault, not the file.

    In older encodings characters that pass for UTF-8 are rare, and whole lines of them rarer.
    """
    foreign = [line for line in text.splitlines() if not line.isascii()]
    broken = sum(any("\udc80" <= c <= "\udcff" for c in line) for line in foreign)
    return broken * 2 <= len(foreign)


def _legacy(sample: bytes) -> str:
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:65_536]
    try:
        text = telling.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if text and _is_western(text):
        return "cp1252"
    best = from_bytes(telling, threshold=0.4).best()
    if best is not None:
        codec = codecs.lookup(best.encoding).name
        codec = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(codec, codec)
        if codec in _LEGACY_NAMES and codec != "ascii":
            return codec
    return "cp1252" if text else "iso8859-1"


def _is_western(text: str) -> bool:
    """Whether accented letters stand as they do in western languages: singly, among plain ones."""
    lonely = crowded = 0
    for word in _LETTER_RUN.findall(text):
        foreign = sum(1 for c in word if c > "\x7f")
        if foreign and foreign * 2 > len(word) and len(word) > 2:
            crowded += foreign
        else:
            lonely += foreign
    return crowded * 5 <= lonely + crowded
