"""When recorded calls are written: by number, by time, at the end; and what a kill costs."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from credits.metering import recording
from credits.metering.models import ApiCall
from credits.metering.recording import FULL, Call, record_call
from cursive.lib.tenancy import system_context
from tests.house.rules import ROOT

PATIENCE = 30


def a_call(workspace_id: UUID, **values) -> Call:
    return Call(
        **{
            "workspace_id": workspace_id,
            "created_at": timezone.now(),
            "key_id": None,
            "user_id": None,
            "endpoint": "api-leads",
            "method": "GET",
            "status": 200,
            "duration_ms": 1.5,
            "counted": True,
            **values,
        }
    )


def stored(workspace_id: UUID) -> int:
    with system_context():
        return ApiCall.objects.filter(workspace_id=workspace_id).count()


def wait_for(workspace_id: UUID, number: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while (found := stored(workspace_id)) < number and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_full_list_is_written_at_once(acme, monkeypatch):
    monkeypatch.setattr(recording, "SECONDS", 3600.0)
    recording.write_now()
    for _ in range(FULL - 1):
        record_call(a_call(acme.id))
    assert stored(acme.id) == 0
    record_call(a_call(acme.id))
    assert wait_for(acme.id, FULL) == FULL


def test_a_short_list_is_written_soon(acme):
    record_call(a_call(acme.id))
    assert wait_for(acme.id, 1) == 1


def test_without_a_database_only_the_newest_are_kept(acme):
    buffer = recording._Buffer()
    buffer.calls = type(buffer.calls)(maxlen=3)
    buffer.thread = threading.current_thread()  # so that none is started
    for number in range(5):
        buffer.add(a_call(acme.id, status=200 + number))
    assert [call.status for call in buffer.calls] == [202, 203, 204]


SCRIPT = """
import sys, uuid
import django
django.setup()
from django.db import connections
for alias in connections:
    connections[alias].settings_dict["NAME"] = sys.argv[1]
from credits.metering.operations import CountedCall
from tests.credits.metering.test_recording import a_call
from credits.metering.recording import record_call
workspace = uuid.UUID(sys.argv[2])
for _ in range(7):
    CountedCall(workspace_id=workspace).decision()
    record_call(a_call(workspace))
print("made", flush=True)
if sys.argv[3] == "end":
    sys.exit(0)
if sys.argv[3] == "child":
    # As a web server's worker: a process of multiprocessing, whose exit hooks don't run.
    import multiprocessing
    def work():
        for _ in range(5):
            record_call(a_call(workspace))
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start(); child.join(30)
    sys.exit(0)
import time
time.sleep(60)
"""


def run_process(acme, how: str) -> subprocess.Popen:
    name = connections["default"].settings_dict["NAME"]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, name, str(acme.id), how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"REDIS_URL": acme.redis_url},
    )
    assert process.stdout.readline() == "made\n"
    return process


@pytest.fixture
def acme(acme, settings):
    acme.redis_url = settings.REDIS_URL
    return acme


@pytest.mark.parametrize(("how", "calls"), [("end", 7), ("child", 12)])
def test_a_process_writes_what_it_has_when_it_ends(acme, how, calls):
    process = run_process(acme, how)
    assert process.wait(PATIENCE) == 0
    assert stored(acme.id) == calls
    assert acme.written() == 7


def test_a_killed_process_loses_its_list_and_none_of_the_count(acme):
    """Must show 5: kill -9 loses at most one buffer of detail."""
    acme.count(1)
    process = run_process(acme, "stay")
    process.kill()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    lost = 7 - stored(acme.id)
    assert 0 <= lost <= FULL
    assert acme.total() == 8


def _forked(workspace_id: UUID) -> None:
    connections.close_all()
    record_call(a_call(workspace_id, status=201))
    recording.write_now()


def test_a_forked_process_writes_only_its_own(acme):
    record_call(a_call(acme.id))
    connections.close_all()
    child = multiprocessing.get_context("fork").Process(target=_forked, args=(acme.id,))
    child.start()
    child.join(PATIENCE)
    assert sorted(one.status for one in acme.calls()) == [200, 201]
