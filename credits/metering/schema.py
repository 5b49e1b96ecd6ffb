"""What the API's schema says of limits: the headers of every answer, and the refusal (C-19)."""

from typing import Any

HEADERS = {
    "X-RateLimit-Limit": "How many calls the tightest of the limits allows: the minute's, the "
    "plan's or the route's own.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "When it is counted anew, in seconds since 1970.",
}
RETRY = "In how many seconds to try again."
METHODS = {"get", "post", "put", "patch", "delete"}


def add_limits(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: limits on every operation that needs to sign in."""
    components = result.setdefault("components", {})
    components["headers"] = {
        _name(header): {"description": words, "schema": {"type": "integer"}}
        for header, words in {**HEADERS, "Retry-After": RETRY}.items()
    }
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("responses", {})["TooManyCalls"] = {
        "description": "Too many calls this minute, or the plan's are used up.",
        "headers": {header: _reference(header) for header in (*HEADERS, "Retry-After")},
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method in METHODS and _needs_sign_in(operation):
                _limit(operation)
    return result


def _needs_sign_in(operation: dict[str, Any]) -> bool:
    return any(operation.get("security", [{}]))


def _limit(operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    for response in responses.values():
        if "$ref" not in response:
            headers = response.setdefault("headers", {})
            headers |= {header: _reference(header) for header in HEADERS}
    responses.setdefault("429", {"$ref": "#/components/responses/TooManyCalls"})


def _name(header: str) -> str:
    return header.replace("-", "")


def _reference(header: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{_name(header)}"}


PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs."},
        "detail": {"type": "string", "description": "For people."},
        "request_id": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {}, "description": "By field."},
    },
    "required": ["type", "title", "status", "code", "detail", "request_id"],
}
