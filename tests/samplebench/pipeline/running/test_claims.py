"""Of the runs that share a folder, one at a time has a stage."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from samplebench.pipeline.running.claims import take_claim


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "shared"


def test_one_has_a_stage_until_it_gives_it_back(folder):
    first = take_claim(folder, "work")
    assert take_claim(folder, "work") is None
    other = take_claim(folder, "other work")
    first.release()
    second = take_claim(folder, "work")
    for claim in (second, other, first):
        claim.release()  # again, for the first
    assert list(folder.iterdir()) == []


def test_never_do_two_have_it(folder):
    """Threads take it as processes do: a lock belongs to whoever opened the file."""
    holders, taken, most = [], [], []

    def contend():
        while len(taken) < 300:
            if (claim := take_claim(folder, "work")) is not None:
                holders.append(claim)
                most.append(len(holders))
                taken.append(claim)
                holders.remove(claim)
                claim.release()

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}


def test_who_was_killed_has_nothing(folder):
    program = (
        "import sys, time; from pathlib import Path\n"
        "from samplebench.pipeline.running.claims import take_claim\n"
        "claim = take_claim(Path(sys.argv[1]), 'work')\n"
        "print('taken', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "taken\n"
    assert take_claim(folder, "work") is None
    other.send_signal(signal.SIGKILL)
    other.communicate()
    take_claim(folder, "work").release()


def test_work_that_nobody_shares_needs_no_lock():
    assert take_claim(None, "work") is not None
    assert take_claim(None, "work") is not None


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOTSUP])
def test_where_there_are_no_locks_the_work_is_done(folder, monkeypatch, error):
    def refuse(descriptor, operation):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("samplebench.pipeline.running.claims.fcntl.flock", refuse)
    assert take_claim(folder, "work") is not None
    assert take_claim(folder, "work") is not None


def test_no_file_is_made_behind_a_link(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir()
    (folder / ".claims").symlink_to(elsewhere)
    assert take_claim(folder, "work") is not None
    assert list(elsewhere.iterdir()) == []
