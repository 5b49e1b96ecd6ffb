"""What people may write into names, notes and the like: in one place, for pages and the API.

Refused is what nobody means to write and what shows otherwise than it is stored: control
characters, halves of characters, and the marks that turn the direction of text around, with
which 'gpj.exe' can be made to look like 'exe.jpg'.
"""

import re

from .errors import InvalidInput

TURNING = "\u202a-\u202e\u2066-\u2069"
# Line ends and tabs are fine in notes; in a line, such as a name, they aren't.
UNFIT_IN_LINES = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd{TURNING}]")
UNFIT_IN_A_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd{TURNING}]")
UNFIT_SENTENCE = "Leave out control characters and broken characters."


def is_fit(text: str, *, lines: bool = False) -> bool:
    """Whether a text can be kept as it is; with `lines` it may have several."""
    return not (UNFIT_IN_LINES if lines else UNFIT_IN_A_LINE).search(text)


def read_text(
    raw: object,
    *,
    field: str,
    longest: int,
    missing: str = "",
    lines: bool = False,
) -> str:
    """The text, trimmed. Raises InvalidInput naming the field.

    `missing` is what to say where there is none; without it, none is fine. With `lines` the text
    may have several.
    """
    text = raw.strip() if isinstance(raw, str) else None
    wrong = ""
    if text is None:
        wrong = "Use a text."
    elif missing and not text:
        wrong = missing
    elif len(text) > longest:
        wrong = f"Use at most {longest:,} characters."
    elif not is_fit(text, lines=lines):
        wrong = UNFIT_SENTENCE
    if wrong or text is None:
        raise InvalidInput(wrong, fields={field: wrong})
    return text
