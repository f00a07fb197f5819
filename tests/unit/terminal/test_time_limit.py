"""A limit for what blocks."""

from __future__ import annotations

import signal
import socket

import pytest

from livebus.terminal.time_limit import TimeIsUp, time_limit


def test_what_blocks_is_ended() -> None:
    """A read that nobody answers; afterwards there is no timer, and the handler is that of before."""
    before = signal.getsignal(signal.SIGALRM)
    here, there = socket.socketpair()
    with here, there, pytest.raises(TimeIsUp), time_limit(0.05):
        here.recv(1)
    assert (signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM)) == ((0.0, 0.0), before)


def test_libraries_do_not_take_it_for_a_failure() -> None:
    """It is no Exception, which they catch and tell in their own words."""
    assert not issubclass(TimeIsUp, Exception)


def test_none_is_no_limit() -> None:
    """And what is done in time is not ended."""
    with time_limit(None):
        pass
    with time_limit(60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
