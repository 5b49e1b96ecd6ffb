"""Jobs by API."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access.api import caller
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_own_job
from cursive.lib.jobs.queries import job_state, jobs_of, listed_jobs_of
from cursive.lib.ui.pagination import numbered_page


class JobSerializer(serializers.Serializer):
    """A job's document."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Job.Status.choices)
    progress = serializers.IntegerField(min_value=0, max_value=100)
    total = serializers.IntegerField()
    processed = serializers.IntegerField()
    failed = serializers.IntegerField()
    note = serializers.CharField()
    eta_seconds = serializers.IntegerField(allow_null=True)
    cancel_requested = serializers.BooleanField()
    error = serializers.CharField()
    result = serializers.DictField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class JobListView(APIView):
    """`GET /api/jobs`: newest first."""

    @extend_schema(responses=JobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """One page of jobs (X-4)."""
        jobs = listed_jobs_of(caller(request).workspace.id).order_by("-created_at", "-id")
        page = numbered_page(jobs, request.query_params)
        return Response(page.answer([job_state(job) for job in page.items]))


class JobView(APIView):
    """`GET /api/jobs/{id}`."""

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """The job's state, progress 0 to 100."""
        job = get_object_or_404(jobs_of(caller(request).workspace.id), id=job_id)
        return Response(job_state(job))


class JobCancellationView(APIView):
    """`POST /api/jobs/{id}/cancellation`."""

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, job_id: UUID) -> Response:
        """Ask the job to end; what it hasn't done is given back. Jobs of ours answer 409."""
        plain = caller(request)
        job = cancel_own_job(workspace_id=plain.workspace.id, job_id=job_id, actor=plain.actor)
        return Response(job_state(job), status=202)
