"""Runs that are started together on one folder share its work."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from samplebench.results.store import Store

HELPERS = Path(__file__).parents[1] / "helpers"
RUNNERS = 8

COUNTING = '''
import os
from pathlib import Path

import torch

from samplebench import hookimpl
from toy_parts import Linear, Normal


def note(what):
    """Lines of this length are appended whole, by however many processes."""
    with (Path(os.environ["NOTES"])).open("a") as file:
        file.write(what + "\\n")


class NotedLinear(Linear):
    def loss_terms(self, samples):
        if not hasattr(self, "noted"):
            self.noted = True
            note("trained")
        return super().loss_terms(samples)


class BrokenNormal(Normal):
    def fit(self, latents):
        note("broke")
        raise RuntimeError("no luck")


@hookimpl
def register_autoencoders(register):
    register("noted-linear", NotedLinear)


@hookimpl
def register_samplers(register):
    register("broken-normal", BrokenNormal)
'''


@pytest.fixture(autouse=True)
def in_time():
    """The test states its own time."""


def start(folder, *options):
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path]),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "NOTES": str(folder / "notes"),
    }
    command = [sys.executable, "-m", "samplebench", "run", "--suite", str(HELPERS / "toy.toml")]
    parts = (f"--plugin={HELPERS / 'toy_parts.py'}", f"--plugin={folder / 'counting.py'}")
    chosen = (
        "--autoencoder=noted-linear",
        "--sampler=normal",
        "--sampler=broken-normal",
        "--seeds=0-5",
    )
    return subprocess.Popen(
        [*command, *parts, *chosen, *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_8_runs_on_one_folder_each_training_and_each_cell_is_carried_out_once(tmp_path):
    (tmp_path / "counting.py").write_text(COUNTING)
    runs = [start(tmp_path) for _ in range(RUNNERS)]
    ended = [run.communicate(timeout=600) for run in runs]
    assert {run.returncode for run in runs} == {1}, ended[0][1]  # some cells fail, for all
    assert not [err for _, err in ended if "Traceback" in err]
    notes = Counter((tmp_path / "notes").read_text().split())
    records, damaged = Store(tmp_path / "leaderboards").read("toy")
    assert not damaged
    assert Counter(record.status for record in records) == {"measured": 12, "failed": 6}
    assert notes["trained"] == 6
    assert notes["broke"] == 6
    # A record that is measured again is set aside.
    assert not (tmp_path / "leaderboards" / "superseded").exists()
    assert not (tmp_path / "leaderboards" / ".claims").exists()
    for out, _ in ended:
        assert out == ended[0][0]  # all end with the whole board
