"""The API's schema (OpenAPI 3), and its routes as the reference shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

METHODS = ("get", "post", "put", "patch", "delete")
# Fields deeper than this are told by their type alone.
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body: `name` says where it is, as in 'data[].id'."""

    name: str
    kind: str
    words: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back with one status."""

    status: str
    words: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route."""

    anchor: str
    method: str
    path: str
    words: str
    public: bool
    parameters: list[Field]
    body: list[Field]
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Group:
    """Routes that belong together."""

    name: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Its name as people read it."""
        return self.name.replace("-", " ").capitalize()


@cache
def schema() -> Mapping[str, Any]:
    """The schema. The same for everybody, and too slow to make for each who asks."""
    made: Mapping[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@cache
def schema_document() -> bytes:
    """The schema as JSON."""
    document: bytes = OpenApiJsonRenderer().render(schema())
    return document


@cache
def groups() -> list[Group]:
    """All routes of customers, by the first part of their address."""
    found: dict[str, Group] = {}
    components = schema().get("components", {})
    for path, methods in schema()["paths"].items():
        for method in METHODS:
            if method in methods:
                name = (methods[method].get("tags") or ["other"])[0]
                group = found.setdefault(name, Group(name))
                group.operations.append(_operation(path, method, methods[method], components))
    return [found[name] for name in sorted(found)]


def _operation(
    path: str, method: str, document: Mapping[str, Any], components: Mapping[str, Any]
) -> Operation:
    return Operation(
        anchor=document["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        words=document.get("description", ""),
        public=not any(document.get("security", [{}])),
        parameters=[
            Field(
                one["name"],
                _kind(one.get("schema", {}), components),
                one.get("description", ""),
                one.get("required", False),
            )
            for one in document.get("parameters", [])
        ],
        body=_body(document.get("requestBody", {}), components),
        answers=[
            _answer(status, answer, components) for status, answer in document["responses"].items()
        ],
    )


def _answer(status: str, answer: Mapping[str, Any], components: Mapping[str, Any]) -> Answer:
    answer = _resolved(answer, components)
    return Answer(status, answer.get("description", ""), _body(answer, components))


def _body(holder: Mapping[str, Any], components: Mapping[str, Any]) -> list[Field]:
    for content in holder.get("content", {}).values():
        return list(_fields(content.get("schema", {}), components, "", 0))
    return []


def _fields(
    document: Mapping[str, Any], components: Mapping[str, Any], prefix: str, depth: int
) -> Iterator[Field]:
    document = _resolved(document, components)
    if document.get("type") == "array":
        yield from _fields(document.get("items", {}), components, f"{prefix}[]", depth)
        return
    required = document.get("required", ())
    for name, one in document.get("properties", {}).items():
        place = f"{prefix}.{name}" if prefix else name
        words = one.get("description") or _resolved(one, components).get("title", "")
        yield Field(place, _kind(one, components), words, name in required)
        if depth < DEEPEST:
            yield from _fields(one, components, place, depth + 1)


def _kind(document: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    """A type in words: 'integer or null', 'array of string (uuid)', 'one of: read, write'."""
    document = _resolved(document, components)
    if choices := [str(one) for one in document.get("enum", []) if one not in (None, "")]:
        words = f"one of: {', '.join(choices)}"
    elif document.get("type") == "array":
        words = f"array of {_kind(document.get('items', {}), components)}"
    elif options := [_kind(one, components) for one in document.get("oneOf", [])]:
        words = " or ".join(filter(None, dict.fromkeys(options)))
    else:
        words = document.get("type", "any")
        if "format" in document:
            words += f" ({document['format']})"
    return f"{words} or null" if document.get("nullable") else words


def _resolved(document: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference stands for; what is said beside it counts, too."""
    if parts := document.get("allOf"):
        rest = {name: value for name, value in document.items() if name != "allOf"}
        return {**_resolved(parts[0], components), **rest}
    if "$ref" not in document:
        return document
    *_, kind, name = document["$ref"].split("/")
    target: Mapping[str, Any] = components.get(kind, {}).get(name, {})
    return target
