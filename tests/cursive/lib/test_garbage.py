"""The collector rests for bounded work, and is as it was afterwards, whatever happens."""

import gc

import pytest

from cursive.lib.garbage import collector_resting


def test_it_rests_and_comes_back():
    assert gc.isenabled()
    with collector_resting():
        with collector_resting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_comes_back_after_an_error():
    @collector_resting()
    def work():
        assert not gc.isenabled()
        raise LookupError

    with pytest.raises(LookupError):
        work()
    assert gc.isenabled()


def test_it_stays_off_where_it_was_off():
    gc.disable()
    try:
        with collector_resting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
