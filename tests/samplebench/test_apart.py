"""Calls in a forked process: their answers, and what becomes of those who give none."""

import os
import time

import psutil
import pytest

from samplebench import apart
from samplebench.apart import Fault, call_apart

linux = pytest.mark.skipif(not apart.CAN_FORK, reason="needs processes that can be forked")


def test_each_call_is_answered_in_its_turn():
    assert list(call_apart([lambda: 1, lambda: "two", lambda: (3,)])) == [1, "two", (3,)]


@linux
def test_a_call_that_forks_answers_once():
    def fork():
        os.fork()
        return "fork"

    assert list(call_apart([fork, lambda: "g", lambda: "h"])) == ["fork", "g", "h"]


@linux
@pytest.mark.parametrize("code", [0, 3])
def test_nothing_is_left_of_a_call_that_ends_its_process_after_a_daemon(code, tmp_path):
    place = tmp_path / "pid"

    def end():
        if pid := os.fork():
            place.write_text(str(pid))
            os._exit(code)
        time.sleep(600)

    (answer,) = call_apart([end])
    assert answer.reason == f"it ended the process (exit code {code})"
    deadline = time.monotonic() + 10
    while psutil.pid_exists(int(place.read_text())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(int(place.read_text()))


@linux
def test_a_call_that_takes_too_long_says_what_allows_more(monkeypatch):
    monkeypatch.setenv(apart.VARIABLE, "0.2")
    (answer,) = call_apart([lambda: time.sleep(600)])
    assert answer.reason == (
        "it gave no answer within 0.2 s; SAMPLEBENCH_ANSWER_SECONDS=300 allows more"
    )


def test_where_nothing_can_be_forked_errors_are_answers_and_an_interrupt_is_none(monkeypatch):
    monkeypatch.setattr(apart, "CAN_FORK", False)

    def fail(error):
        raise error

    one, fault = call_apart([lambda: 1, lambda: fail(ZeroDivisionError("by zero"))])
    assert one == 1
    assert isinstance(fault, Fault)
    with pytest.raises(KeyboardInterrupt):
        list(call_apart([lambda: fail(KeyboardInterrupt())]))
