"""The bell: tells the workers of a job through the broker, at once or not at all.

Whoever rings stands in a request. A broker that hangs (stopped, or behind a dead network) must not
keep them, since the sweep finds the job anyway: so ringing has its own connections with short
timeouts. Workers keep theirs, whose reads wait for work.
"""

from celery import current_app
from kombu import pools

TASK = "cursive.lib.jobs.run_job"
# For the connection, and for each answer on it; a ring takes one of each at most.
SECONDS = 0.4


def ring_bell(job_id: str, workspace_id: str) -> None:
    """Publish the job's task. Raises what the broker's client raises, within a second."""
    ring_task(TASK, job_id, workspace_id)


def ring_task(task: str, *args: str) -> None:
    """Publish a task whose row is swept for as well. Raises as `ring_bell` does."""
    options = {
        **(current_app.conf.broker_transport_options or {}),
        "socket_connect_timeout": SECONDS,
        "socket_timeout": SECONDS,
        # No second try: kombu's own would go on for four seconds.
        "max_retries": 0,
        "interval_start": 0,
        "connect_retries_timeout": SECONDS / 4,
    }
    connection = current_app.connection_for_write(transport_options=options)
    with pools.producers[connection].acquire(block=True, timeout=SECONDS) as producer:
        current_app.send_task(task, args=list(args), retry=False, producer=producer)
