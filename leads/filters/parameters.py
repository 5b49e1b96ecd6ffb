"""The parameters of a list by API: a filter, as a document or in its short form."""

import json
from collections.abc import Sequence

from django.http import QueryDict

from cursive.lib.errors import InvalidInput
from leads.filters.document import parse
from leads.filters.registry import Scope
from leads.filters.tree import Group
from leads.filters.url import PARAMETER, decode


def read_parameters(params: QueryDict, known: Sequence[str], *, scope: Scope) -> Group | None:
    """The filter that a call asks for, as a document or in its short form; None for everybody.

    Raises `InvalidInput` for parameters that aren't `known`: with a filter by another name, all
    leads would pass for the answer.
    """
    if unknown := sorted(set(params) - set(known))[:5]:
        raise InvalidInput(
            f"Use {', '.join(known)}.",
            fields={name[:60]: "There is no such parameter." for name in unknown},
        )
    document, short = params.get("filter", ""), params.get(PARAMETER, "")
    if document and short:
        raise InvalidInput("Give f or filter.", fields={"filter": "Not together with f."})
    if document:
        try:
            return parse(json.loads(document), scope=scope)
        except (ValueError, RecursionError):
            sentence = "A filter document is JSON; see /api/filters/schema."
            raise InvalidInput(sentence, fields={"filter": sentence}) from None
    return decode(short, scope=scope) if short else None
