"""The examination: what it says is so, it ends in time, and it changes nothing."""

import errno
import fcntl
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections import namedtuple
from pathlib import Path

import pytest
import torch
from quick_process import run_python
from torch.nn import functional

from samplebench.arguments import parser
from samplebench.cli import COMMANDS
from samplebench.doctor import examination
from samplebench.doctor.answer import Answer
from samplebench.doctor.devices import examine_device, find_error, list_devices
from samplebench.doctor.examination import examine
from samplebench.doctor.folders import examine_folder
from samplebench.doctor.machine import examine_home, examine_limits, examine_software
from samplebench.doctor.words import as_text

CPU = torch.device("cpu")


def typed(*arguments: str) -> Namespace:
    return parser(COMMANDS).parse_args(["doctor", *arguments])


def test_a_good_folder_does_all_and_is_left_as_it_was(tmp_path: Path) -> None:
    answers = list(examine_folder("results", tmp_path, "--results"))
    assert [answer.status for answer in answers] == ["ok"] * 6
    assert list(tmp_path.iterdir()) == []
    answers = list(examine_folder("results", tmp_path / "a" / "b", "--results"))
    assert [answer.status for answer in answers] == ["ok"] * 6
    assert "which will be made" in answers[0].found
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line_with_the_option() -> None:
    (answer,) = examine_folder("results", Path("/proc/nothing"), "--results")
    assert answer.status == "problem"
    assert "cannot be written" in answer.found
    assert answer.next == "name another one with --results"


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("module", "function", "sabotage", "name", "reason"),
    [
        (fcntl, "flock", fail, "locks", "No locks available"),
        (fcntl, "flock", lambda *_: None, "locks", "can hold one lock at the same time"),
        (os, "fsync", fail, "flushes", "No locks available"),
        (os, "replace", shutil.copy, "renames", "sees neither the old nor the new"),
        (shutil, "disk_usage", lambda _: Usage(1, 1, 2**20), "space", "only 1 MiB are free"),
    ],
)
def test_what_a_folder_cannot_do_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module, function, sabotage, name, reason
) -> None:
    monkeypatch.setattr(module, function, sabotage)
    answers = {a.name: a for a in examine_folder("results", tmp_path, "--results")}
    assert answers[name].status == "problem"
    assert reason in answers[name].found
    assert list(tmp_path.iterdir()) == []


def test_names_are_as_long_as_the_file_system_says(tmp_path: Path) -> None:
    answers = {a.name: a for a in examine_folder("results", tmp_path, "--results")}
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    assert answers["file names"].found == f"up to {longest} bytes"


def test_every_precision_is_computed_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_error(CPU, torch.float64) is None
    assert find_error(CPU, torch.float32) is None
    (answer,) = examine_device("cpu")
    assert answer.status == "ok"
    assert "float32" in answer.found
    assert list_devices()[0] == "cpu"
    right = functional.conv2d

    def wrong(images, kernel):
        return right(images, kernel) * (1.01 if images.dtype == torch.float32 else 1.0)

    monkeypatch.setattr(functional, "conv2d", wrong)
    assert find_error(CPU, torch.float32) == "an error of 0.02"
    (answer,) = examine_device("cpu")
    assert answer.status == "problem"
    assert "not: float32 (an error of 0.02)" in answer.found


def test_a_precision_that_a_device_lacks_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = functional.conv2d

    def lacking(images, kernel):
        if images.dtype == torch.float16:
            raise RuntimeError('"conv" not implemented for Half\nmore')
        return right(images, kernel)

    monkeypatch.setattr(functional, "conv2d", lacking)
    (answer,) = examine_device("cpu")
    assert answer.status == "ok"  # nothing needs it
    assert 'not: float16 ("conv" not implemented for Half)' in answer.found


def test_versions_and_limits_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {answer.name: answer.found for answer in examine_software()}
    assert versions["torch"] == torch.__version__.partition("+")[0] or versions["torch"]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    files = {answer.name: answer for answer in examine_limits()}["open files"]
    assert (files.status, files.next) == ("absent", "ulimit -n 1024")
    memory = {answer.name: answer for answer in examine_limits()}["memory"]
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    assert f"of {total:.1f} GiB are free" in memory.found


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    (answer,) = examine_home()
    assert answer.status == "problem"
    assert answer.next == "set XDG_CACHE_HOME, or give --workspace and --data-dir"


def test_a_process_that_abstains_reads_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("read me")
    script = f"""
import os, socket, pathlib
from samplebench.doctor.abstinence import abstain
abstain()
folder = pathlib.Path({str(tmp_path)!r})
assert (folder / "there").read_text() == "read me"
open(os.devnull, "w").close()
attempts = [
    lambda: (folder / "new").write_text("x"),
    lambda: open(folder / "there", "a"),
    lambda: os.open(folder / "new", os.O_CREAT | os.O_WRONLY),
    lambda: (folder / "made").mkdir(),
    lambda: (folder / "there").unlink(),
    lambda: (folder / "there").rename(folder / "moved"),
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: os.system("true"),
]
for attempt in attempts:
    try:
        attempt()
    except PermissionError as error:
        assert "fetches and writes nothing" in str(error), error
    else:
        raise SystemExit("something was allowed")
"""
    run_python(script).check_returncode()
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, seconds: float = 5.0):
    """The answers of a child with this body, and how long they took."""
    script = tmp_path / "child.py"
    script.write_text(
        "import json, os, signal, subprocess, sys, time\n"
        "asked, pipe = json.loads(sys.argv[1]), int(sys.argv[2])\n"
        "def tell(**content): os.write(pipe, (json.dumps(content) + '\\n').encode())\n" + body
    )
    monkeypatch.setattr(examination, "_PROBE", (str(script),))
    began = time.monotonic()
    answers = examination._ask_children({}, began + seconds)
    return answers, time.monotonic() - began


GOOD = "tell(topic='data', name='good', status='ok', found='is there', next='')\n"


@pytest.mark.parametrize(
    ("deed", "how"),
    [
        ("os._exit(0)", "exit code 0"),
        ("sys.exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    ],
)
def test_a_part_that_ends_its_process_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str, how: str
) -> None:
    body = (
        "tell(begin='dataset bad')\n"
        f"if 'dataset bad' not in asked['skip']: {deed}\n"
        f"tell(begin='dataset good')\n{GOOD}tell(end=True)\n"
    )
    bad, good = ask(monkeypatch, tmp_path, body)[0]
    assert (bad.topic, bad.name, bad.status) == ("data", "bad", "problem")
    assert bad.found == f"ended the process that looked at it ({how})"
    assert good == Answer("data", "good", "ok", "is there")


def test_a_part_that_hangs_is_named_when_the_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "_SECONDS", 1.0)
    body = f"{GOOD}tell(begin='plugin slow')\ntime.sleep(60)\n"
    answers, seconds = ask(monkeypatch, tmp_path, body, 1.0)
    assert [answer.name for answer in answers] == ["good", "slow"]
    assert answers[1].status == "problem"
    assert seconds < 5


def test_a_process_left_behind_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f"{GOOD}tell(end=True)\nsubprocess.Popen(['sleep', '30'], pass_fds=[pipe])\n"
    answers, seconds = ask(monkeypatch, tmp_path, body, 20.0)
    assert [answer.name for answer in answers] == ["good"]
    assert seconds < 10


def test_the_words_name_what_to_type_next() -> None:
    answers = [
        Answer("data", "mnist", "absent", "lacks\x1b[31m files", "samplebench fetch mnist"),
        Answer("devices", "cpu", "ok", "works"),
    ]
    text = as_text(answers, 80)
    assert "start: samplebench run --results mine" in text
    assert "mnist: samplebench fetch mnist" in text
    assert "\x1b" not in text
    assert "start:" not in as_text([Answer("devices", "cpu", "problem", "does not work")], 80)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["none", "no home", "read-only home", "few files"])
def test_the_command_works_in_a_poor_environment(tmp_path: Path, trouble: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    if trouble == "read-only home":
        environment["HOME"] = "/proc"
    elif trouble != "no home":
        environment["HOME"] = str(tmp_path)
    limit = "ulimit -n 64; " if trouble == "few files" else ""
    command = f"{limit}exec {sys.executable} -m samplebench doctor --json"
    began = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, cwd=tmp_path, check=False
    )
    assert time.monotonic() - began < 20  # 10 on an idle machine
    answers = [Answer(**row) for row in json.loads(done.stdout)]
    problems = {answer.topic for answer in answers if answer.status == "problem"}
    assert done.returncode == bool(problems)
    assert ("workspace" in problems) == (trouble == "read-only home")
    assert done.stderr == b""


@pytest.mark.slow
def test_broken_plugins_are_named_and_the_others_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "_SECONDS", 200.0)
    bodies = {"ending": "import os; os._exit(0)", "raising": "raise ValueError('not today')"}
    files = []
    for name, body in bodies.items():
        (tmp_path / f"{name}.py").write_text(body)
        files += ["--plugin", str(tmp_path / f"{name}.py")]
    home = ["--results", str(tmp_path / "r"), "--workspace", str(tmp_path / "w")]
    answers = {(a.topic, a.name): a for a in examine(typed(*files, *home))}
    assert answers["plugins", "ending"].found.endswith("(exit code 0)")
    assert "ValueError: not today" in answers["plugins", "raising"].found
    assert answers["data", "digits"].status == "ok"
    assert answers["devices", "cpu"].status == "ok"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ending.py", "raising.py"]
