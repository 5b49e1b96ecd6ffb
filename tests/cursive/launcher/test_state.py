"""What the launcher remembers between starts."""

import socket
import stat
from pathlib import Path

import pytest

from cursive.launcher.errors import LaunchError
from cursive.launcher.state import State, port_is_free, write_private
from cursive.launcher.up import require_port


def test_secrets_and_ports_stay_the_same(state: State):
    again = State(state.root)
    assert again.secret("postgres") == state.secret("postgres")
    assert again.port("postgres") == state.port("postgres")
    assert state.secret("postgres") != state.secret("valkey")
    assert len(state.secret("postgres")) == 64


def test_a_port_that_somebody_has_taken_is_replaced(state: State):
    port = state.port("postgres")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        other = state.port("postgres")
        assert other != port
    assert State(state.root).port("postgres") == other


def test_what_holds_passwords_is_for_its_owner_only(state: State, tmp_path: Path):
    state.secret("postgres")
    state.announce(url="http://localhost:8000", variables={})
    for file in (state.servers / "remembered.json", state.folder / "running.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "link").symlink_to(target)
    write_private(tmp_path / "link", "secret")
    assert target.read_text() == "precious"


def test_a_damaged_memory_is_a_sentence(state: State):
    (state.servers / "remembered.json").write_text("{")
    with pytest.raises(LaunchError, match="is damaged"):
        state.secret("postgres")


def test_throwaway_state_is_apart_and_can_be_discarded(state: State):
    keep = state.secret("postgres")
    throwaway = State(state.root, "test")
    assert throwaway.secret("postgres") != keep
    (throwaway.files / "mail").mkdir()
    throwaway.discard()
    assert list(throwaway.files.iterdir()) == []
    assert list(throwaway.servers.iterdir()) == []
    assert state.secret("postgres") == keep
    with pytest.raises(ValueError, match="only throwaway"):
        state.discard()


def test_a_port_in_use_is_a_sentence_that_names_another():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free("127.0.0.1", port)
        with pytest.raises(LaunchError, match=rf"uses port {port} .* make run PORT=\d+"):
            require_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_a_sentence():
    with pytest.raises(LaunchError, match=r"Can't listen on 192\.0\.2\.1, port 8000"):
        require_port("192.0.2.1", 8000)
