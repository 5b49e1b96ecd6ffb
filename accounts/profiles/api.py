"""Business profiles by REST (A-5)."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.ui.page_documents import page_document
from cursive.lib.ui.pagination import numbered_page

from . import operations
from .models import CODED_LISTS, LONGEST_ENTRY, MOST_ENTRIES, Tone
from .queries import profile_of, profiles_of


def _coded(name: str) -> serializers.ListField:
    choices = list(CODED_LISTS[name].items())
    return serializers.ListField(
        child=serializers.ChoiceField(choices), required=False, max_length=len(choices)
    )


def _free() -> serializers.ListField:
    child = serializers.CharField(max_length=LONGEST_ENTRY)
    return serializers.ListField(child=child, required=False, max_length=MOST_ENTRIES)


class ProfileSerializer(serializers.Serializer[Any]):
    """One business profile. An empty list means that it doesn't matter."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(min_length=2, max_length=80)
    sells = serializers.CharField(max_length=300)
    description = serializers.CharField(max_length=4_000, allow_blank=True, required=False)
    website = serializers.URLField(max_length=200, allow_blank=True, required=False)
    industries = _coded("industries")
    employee_bands = _coded("employee_bands")
    titles = _free()
    seniorities = _coded("seniorities")
    countries = _coded("countries")
    states = _free()
    intent_topics = _free()
    tone = serializers.ChoiceField(Tone.choices, required=False)
    is_default = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


ProfilePageSerializer = page_document("ProfilePage", ProfileSerializer)


class ProfileList(APIView):
    """All profiles of the workspace."""

    @extend_schema(responses=ProfilePageSerializer, operation_id="business_profiles_list")
    def get(self, request: Request) -> Response:
        """The profiles, the default one first."""
        page = numbered_page(profiles_of(caller(request).workspace.id), request.query_params)
        return Response(page.answer(list(ProfileSerializer(page.items, many=True).data)))

    @extend_schema(
        request=ProfileSerializer,
        responses={201: ProfileSerializer},
        operation_id="business_profiles_create",
    )
    def post(self, request: Request) -> Response:
        """A new profile. The first one is the default."""
        given = ProfileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        profile = operations.create_profile(
            workspace_id=caller(request).workspace.id,
            actor=caller(request).actor,
            values=given.validated_data,
        )
        return Response(ProfileSerializer(profile).data, status=HTTP_201_CREATED)


class ProfileDetail(APIView):
    """One profile."""

    @extend_schema(responses=ProfileSerializer, operation_id="business_profiles_retrieve")
    def get(self, request: Request, profile_id: UUID) -> Response:
        """The profile."""
        return Response(
            ProfileSerializer(profile_of(caller(request).workspace.id, profile_id)).data
        )

    @extend_schema(
        request=ProfileSerializer,
        responses=ProfileSerializer,
        operation_id="business_profiles_update",
    )
    def put(self, request: Request, profile_id: UUID) -> Response:
        """Replace the profile: what is left out becomes empty; the default stays the default."""
        profile_of(caller(request).workspace.id, profile_id)
        given = ProfileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        profile = operations.change_profile(
            workspace_id=caller(request).workspace.id,
            actor=caller(request).actor,
            profile_id=profile_id,
            values={**operations.EMPTY, **given.validated_data},
        )
        return Response(ProfileSerializer(profile).data)
