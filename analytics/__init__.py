"""What a workspace sees of itself: dashboards, jobs."""
