"""How a page of a list looks in the API's reference (X-4)."""

from rest_framework import serializers


def page_document(
    name: str, row: type[serializers.BaseSerializer], **more: serializers.Field
) -> type[serializers.Serializer]:
    """A serializer class `name`: page, pageSize, total, data with many of `row`, and `more`.

    A field of `more` that has the name of another takes its place.
    """
    fields: dict[str, serializers.Field] = {
        "page": serializers.IntegerField(),
        "pageSize": serializers.IntegerField(),
        "total": serializers.IntegerField(),
        **more,
        "data": row(many=True),
    }
    return type(name, (serializers.Serializer,), fields)
