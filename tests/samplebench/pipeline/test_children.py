"""Children: a result or a reason, whatever happens to the process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from child_work import answer, dies, raises, writes_where_it_may_not

from samplebench.errors import BadCheckpoint, TrainingDiverged
from samplebench.pipeline.children import Children, Failure


@pytest.fixture(scope="module")
def children():
    return Children("samplebench.pipeline.warm")


@pytest.fixture
def run(children, tmp_path):
    def run(work, *arguments, report=lambda progress: None):
        return children.run(work, *arguments, log=tmp_path / "log", report=report)

    return run


def test_a_child_gives_its_result_and_tells_its_progress_on_the_way(run):
    seen = []
    result, process = run(answer, 3, report=seen.append)
    assert (result, [progress.step for progress in seen]) == (3, [1, 2, 3])
    assert process != os.getpid()


def test_each_child_is_a_process_of_its_own(run):
    assert run(answer, 0)[1] != run(answer, 0)[1]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("a bad value"), "ValueError: a bad value (child_work.py, line "),
        (BadCheckpoint("not these weights"), "not these weights"),
        (TrainingDiverged(12), "the training loss was not finite at step 12"),
        (MemoryError("9 GiB"), "out of memory: 9 GiB"),
    ],
)
def test_an_error_in_a_child_is_a_reason(run, error, told):
    failure = run(raises, error)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(told)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("exit", "the process ended with exit code 7 and gave no result"),
        (signal.SIGKILL, "the process was killed by SIGKILL, which is how the system ends"),
        (signal.SIGSEGV, "the process was killed by SIGSEGV; its last line: about to go"),
    ],
)
def test_a_child_that_dies_is_told_with_how_and_its_last_words(run, how, told):
    failure = run(dies, how)
    assert told in failure.reason
    assert "about to go" in failure.reason


def test_a_storage_error_keeps_its_exit_code(run):
    assert run(writes_where_it_may_not) == Failure("no room", 5)


HELPERS = str(Path(__file__).parents[2] / "helpers")
INTERRUPTED = """
import signal
from pathlib import Path
from samplebench.pipeline.children import Children
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has none
try:
    Children("slow_to_load").run(print, log=Path("log"), report=print)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_server_that_still_loads_says_nothing_of_an_interrupt(tmp_path):
    main = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        env=os.environ | {"PYTHONPATH": HELPERS},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not (tmp_path / "loading").exists():
            assert main.poll() is None
            time.sleep(0.02)
        os.killpg(main.pid, signal.SIGINT)  # as a terminal sends it, to all processes
        assert main.communicate(timeout=60) == ("interrupted\n", "")
    finally:
        main.kill()
        main.communicate()
