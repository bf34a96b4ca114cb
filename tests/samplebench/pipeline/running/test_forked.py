"""The forked executor: a result, an error or a death, whatever happens to the process."""

import os
import signal
import subprocess
import sys

import pytest
from child_work import (
    answer,
    dies,
    exchange_words,
    exchange_words_later,
    raises,
    see_gpus,
    wait_for_a_word,
)

from samplebench.errors import BadCheckpoint, StorageError, TrainingDiverged
from samplebench.pipeline.running.children.gpus import name_gpus
from samplebench.pipeline.running.children.parent import ChildDied
from samplebench.pipeline.running.forked import ForkedExecutor


@pytest.fixture(scope="module")
def executor(tmp_path_factory):
    preload = ("samplebench.pipeline.running.warm",)
    with ForkedExecutor(2, preload=preload, logs=tmp_path_factory.mktemp("logs")) as executor:
        yield executor


def test_a_child_gives_its_result_from_a_process_of_its_own(executor):
    first, second = (executor.submit(answer, number).result() for number in (3, 4))
    assert (first[0], second[0]) == (3, 4)
    assert len({first[1], second[1], os.getpid()}) == 3


def test_as_many_children_run_at_once_as_there_are_jobs(executor, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    os.mkfifo(one)
    os.mkfifo(other)
    # Each waits for the other: one after the other, neither would end.
    first = executor.submit(exchange_words, one, other)
    second = executor.submit(exchange_words_later, one, other)
    assert (first.result(timeout=60), second.result(timeout=60)) == ("second", "first")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bad value"),
        BadCheckpoint("not these weights"),
        TrainingDiverged(12),
        EOFError("of a file of theirs"),
    ],
)
def test_what_a_child_raises_its_future_raises(executor, error):
    future = executor.submit(raises, error)
    assert (type(future.exception()), str(future.exception())) == (type(error), str(error))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("exit", "the process ended with exit code 7 and gave no result"),
        (signal.SIGKILL, "the process was killed by SIGKILL; its last line: about to go"),
        (signal.SIGSEGV, "the process was killed by SIGSEGV; its last line: about to go"),
    ],
)
def test_a_child_that_dies_is_reported_with_how_and_its_last_line(executor, how, reason):
    error = executor.submit(dies, how).exception()
    assert isinstance(error, ChildDied)
    assert reason in str(error)
    assert "about to go" in str(error)


def test_a_log_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with ForkedExecutor(1, preload=(), logs=tmp_path / "file") as executor:
        error = executor.submit(answer, 1).exception()
    assert isinstance(error, StorageError)
    assert "--workspace" in str(error)


def test_cancelling_kills_the_children_that_are_at_work(tmp_path):
    os.mkfifo(tmp_path / "never")
    executor = ForkedExecutor(1, preload=(), logs=tmp_path)
    at_work = executor.submit(wait_for_a_word, tmp_path / "started", tmp_path / "never")
    waiting = executor.submit(answer, 1)
    while not (tmp_path / "started").exists():
        assert not at_work.done()
    executor.shutdown(cancel_futures=True)
    assert waiting.cancelled()
    assert "SIGKILL" in str(at_work.exception())


INTERRUPTED = """
import signal
from pathlib import Path
from samplebench.pipeline.running.forked import ForkedExecutor
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has none
executor = ForkedExecutor(1, preload=("slow_to_load",), logs=Path("logs"))
try:
    executor.submit(print).result()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    executor.shutdown(cancel_futures=True)
"""


def test_an_interrupt_does_not_reach_a_server_that_is_still_loading(tmp_path):
    main = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},  # with the tests' helpers
        cwd=tmp_path,
        stdin=subprocess.PIPE,  # which the server inherits, and waits for
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert main.stdout.readline() == "loading\n"
        os.killpg(main.pid, signal.SIGINT)  # as a terminal sends it, to all processes
        assert main.communicate(timeout=60) == ("interrupted\n", "")
    finally:
        main.kill()
        main.communicate()


def test_each_child_sees_one_gpu_alone_and_a_free_one(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    os.mkfifo(one)
    os.mkfifo(other)
    with ForkedExecutor(2, preload=(), logs=tmp_path, gpus=("3", "5")) as executor:
        # Each waits for the other, so both are at work at the same time.
        first = executor.submit(see_gpus, exchange_words, one, other)
        second = executor.submit(see_gpus, exchange_words_later, one, other)
        assert {first.result(timeout=60), second.result(timeout=60)} == {"3", "5"}
        # Their GPUs are free again.
        assert executor.submit(see_gpus, str).result(timeout=60) in {"3", "5"}
    assert os.environ.get("CUDA_VISIBLE_DEVICES") is None


def test_more_children_than_gpus_share_them_evenly(tmp_path):
    with ForkedExecutor(4, preload=(), logs=tmp_path, gpus=("3", "5")) as executor:
        seen = [executor.submit(see_gpus, str) for _ in range(4)]
        assert {future.result(timeout=60) for future in seen} <= {"3", "5"}
        assert sorted(executor._gpus.get() for _ in range(4)) == ["3", "3", "5", "5"]


@pytest.mark.parametrize(
    ("visible", "count", "chosen", "names"),
    [
        (None, 2, None, ("0", "1")),
        (None, 4, (2, 0), ("2", "0")),
        ("4,6", 2, (1,), ("6",)),
        ("GPU-1a,GPU-2b", 2, None, ("GPU-1a", "GPU-2b")),
        ("", 0, None, ()),
        ("-1", 0, None, ()),
    ],
)
def test_gpus_are_named_as_this_process_may_use_them(monkeypatch, visible, count, chosen, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert name_gpus(count, chosen) == names
