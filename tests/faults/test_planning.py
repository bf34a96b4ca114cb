"""A part that fails while a plan is made costs its own cells, and a plugin at import itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from faulty_plans import DAEMONS, FAULTS, ODD, PLACES, WHERE_ONE_HANGS

from samplebench.results.store import Store

HELPERS = Path(__file__).parents[1] / "helpers"
HONEST = ("normal", "again")

WORDS = {
    "raises": "not today",
    "raises-the-unspeakable": "its text cannot be had",
    "raises-a-book": "50,000,0",
    "interrupts": "KeyboardInterrupt",
    "exits": "it ended the process by sys.exit()",
    "exits-at-once": "it ended the process (exit code 0)",
    "segfaults": "it ended the process (SIGSEGV)",
    "hangs": "it gave no answer within 3 s",
    "recurs": "maximum recursion depth exceeded",
    "hangs-with-a-daemon": "it gave no answer within 3 s",
    "ends-with-a-daemon": "it ended the process (exit code 3)",
}
"""Words of the reason."""

CASES = [
    (place, fault)
    for place in PLACES
    for fault in FAULTS
    if fault != "hangs" or place in WHERE_ONE_HANGS
]

AT_IMPORT = {
    "raises": ("raise RuntimeError('not today')", "RuntimeError: not today"),
    "unspeakable": (
        "class Silent(Exception):\n    def __str__(self): raise ValueError\nraise Silent",
        "Silent: (its text cannot be had: ValueError)",
    ),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "exits": ("import sys\nsys.exit()", "SystemExit"),
    "ends": ("import os\nos._exit(0)", "it ended the process (exit code 0)"),
    "segfaults": ("import ctypes\nctypes.string_at(0)", "it ended the process (SIGSEGV)"),
    "hangs": ("import time\ntime.sleep(1000)", "it gave no answer within 3 s"),
}
PRINTING = "from samplebench import Sampler, hookimpl\nfor _ in range(100): print('x' * 2**20)\n"
WARMING = """
import os
from toy_parts import Normal
from samplebench import hookimpl
@hookimpl
def register_samplers(register): register("cold", Normal)
@hookimpl
def warm_up(): os._exit(0)
"""


@pytest.fixture(autouse=True)
def in_time():
    """These commands have limits of their own."""


def command(folder, *words, plugins=()):
    """A command in a process of its own, with plugins that are installed."""
    for name, text in plugins:
        (folder / "installed").mkdir(exist_ok=True)
        (folder / "installed" / f"plug_{name}.py").write_text(text)
        described = folder / "installed" / f"plug_{name}-1.dist-info"
        described.mkdir(exist_ok=True)
        (described / "entry_points.txt").write_text(f"[samplebench]\n{name} = plug_{name}\n")
        (described / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plug-{name}\nVersion: 1\n"
        )
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder / "installed"), str(HELPERS), *sys.path]),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "SAMPLEBENCH_ANSWER_SECONDS": "3",
    }
    return subprocess.run(
        [sys.executable, "-m", "samplebench", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
    )


def toys(*names):
    """The options of the toy suite with these plugins."""
    files = (f"--plugin={HELPERS / name}.py" for name in ("toy_parts", *names))
    return ["--suite", str(HELPERS / "toy.toml"), "--seeds", "0", *files]


def with_faults():
    """The options that ask for every faulty part next to the honest ones."""
    asked = {
        "dataset": ["stripes"],
        "autoencoder": ["linear"],
        "sampler": [HONEST[0], *DAEMONS, *ODD],
        "features": ["pixels"],
        "metric": ["distance", "spread", "error", "seconds-to-fit"],
    }
    for place, fault in CASES:
        asked[place.partition("-")[0]].append(f"{place}-{fault}")
    asked["sampler"].append(HONEST[1])
    patterns = ("stripes/linear/*", "stripes/*/normal/*", "*/linear/normal/*")
    return [
        *toys("faulty_plans"),
        *(f"--{kind}={name}" for kind, names in asked.items() for name in names),
        *(f"--only={pattern}" for pattern in patterns),
    ]


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """One run with all faults: its end and its records."""
    folder = tmp_path_factory.mktemp("planned")
    ended = command(
        folder, "run", *with_faults(), plugins=[(n, text) for n, (text, _) in AT_IMPORT.items()]
    )
    records = Store(folder / "leaderboards").read("toy")[0]
    return ended, records


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert command(folder, "run", *toys()).returncode == 0
    return {
        record.row: scores_of(record) for record in Store(folder / "leaderboards").read("toy")[0]
    }


def scores_of(record):
    return {score.title: score.value for score in record.scores if score.subject != "cost"}


def names_of(record):
    return {
        "dataset": record.dataset.spec,
        "autoencoder": record.autoencoder.spec,
        "sampler": record.row,
    }


def test_the_run_ends_with_1_and_no_traceback(planned):
    ended, _ = planned
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr) < 2**16
    assert "x" * 2**12 not in ended.stdout


@pytest.mark.parametrize(("place", "fault"), CASES)
def test_what_it_costs_is_refused_with_the_reason(planned, place, fault):
    ended, records = planned
    kind, name = place.partition("-")[0], f"{place}-{fault}"
    lines = [line for line in ended.stderr.splitlines() if f"{kind} '{name}' cannot be" in line]
    if kind in ("features", "metric"):
        assert kind == "features" or lines
        assert not any(name in str(score) for record in records for score in record.scores)
    else:
        found = [record for record in records if names_of(record)[kind] == name]
        assert found
        assert {record.status for record in found} == {"refused"}
        assert all(WORDS[fault] in record.reason for record in found)
        assert all(len(record.reason) < 5000 for record in found)
    assert len(lines) <= 1
    assert all(WORDS[fault] in line or fault == "raises-a-book" for line in lines)


@pytest.mark.parametrize("name", DAEMONS)
def test_daemons_neither_hold_a_plan_up_nor_stay(planned, name):
    _, records = planned
    (record,) = (record for record in records if record.row == name)
    assert WORDS[name] in record.reason
    commands = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if "samplebench-test-daemon" in command]


@pytest.mark.parametrize("row", [*HONEST, "reconstruction"])
def test_neighbours_have_the_scores_of_a_run_without_faults(planned, undisturbed, row):
    _, records = planned
    (scores,) = (
        scores_of(record)
        for record in records
        if names_of(record) == {"dataset": "stripes", "autoencoder": "linear", "sampler": row}
    )
    assert scores == undisturbed[row]


@pytest.mark.parametrize("name", ODD)
def test_what_gives_an_answer_in_the_end_is_measured(planned, name):
    _, records = planned
    (record,) = (record for record in records if record.row == name)
    assert record.status in ("measured", "failed")


@pytest.mark.parametrize("name", AT_IMPORT)
def test_a_plugin_that_fails_at_import_is_left_out_with_one_line(planned, name):
    ended, _ = planned
    lines = [line for line in ended.stderr.splitlines() if f"plugin '{name}'" in line]
    assert len(lines) == 1
    assert f"of plug-{name} 1 is not used: {AT_IMPORT[name][1]}" in lines[0]


def test_the_parts_of_a_plugin_that_prints_without_end_are_there_and_it_is_not_heard(tmp_path):
    text = PRINTING + (HELPERS / "toy_parts.py").read_text()
    ended = command(tmp_path, "list", "samplers", "--json", plugins=[("prints", text)])
    assert ended.returncode == 0
    assert "again" in {row["name"] for row in json.loads(ended.stdout)}


def test_a_plugin_that_ends_the_process_when_it_warms_up_is_used_cold(tmp_path):
    options = [*toys(), "--sampler=cold", "--quiet"]
    ended = command(tmp_path, "run", *options, plugins=[("cold", WARMING)])
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("fault", ["segfaults", "hangs"])
def test_check_reports_it_as_a_failure(tmp_path, fault):
    options = ("--plugin", HELPERS / "faulty_plans.py", "--plugin", HELPERS / "toy_parts.py")
    ended = command(tmp_path, "check", f"sampler-init-{fault}", *map(str, options))
    assert ended.returncode == 1
    assert WORDS[fault] in ended.stdout
