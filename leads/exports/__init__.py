"""Leads as files: chosen columns, written by a job, downloaded by members (L-22)."""
