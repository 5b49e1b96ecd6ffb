"""Reading the bodies of API calls (X-5)."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_BYTES = 2_000_000


class TooLarge(APIException):
    """413: more than any call needs."""

    status_code = 413
    default_code = "too_large"


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN, nothing nested past what can be read, no halves of
    characters (lone surrogates), which the database would refuse later."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The decoded body. Raises ParseError with a sentence, which becomes a 400."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge(f"The body is larger than {MAX_BYTES:,} bytes.")
        try:
            data = json.loads(body.decode("utf-8"), parse_constant=_refuse)
            json.dumps(data, ensure_ascii=False).encode("utf-8")
        except UnicodeError as error:
            raise ParseError("The body isn't valid UTF-8 text.") from error
        except RecursionError as error:
            raise ParseError("The body is nested too deep.") from error
        except ValueError as error:
            raise ParseError(f"The body isn't valid JSON: {str(error)[:120]}.") from error
        return data
