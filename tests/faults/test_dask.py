"""A real scheduler and workers, as processes that are killed, lost, found, or share no folder."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed")

from samplebench.display import QuietDisplay
from samplebench.errors import ClusterLost, UsageError
from samplebench.pipeline.request.plan import make_plan
from samplebench.pipeline.request.suite import load_suite, override
from samplebench.pipeline.running.executors import start_executor
from samplebench.pipeline.running.on_dask import executor as on_dask
from samplebench.pipeline.running.on_dask.cluster_file import ClusterRequest
from samplebench.pipeline.running.run import run
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import Choice, load_parts
from samplebench.results.store import Store

HELPERS = Path(__file__).parents[1] / "helpers"
PLUGINS = tuple(str(HELPERS / name) for name in ("toy_parts.py", "cluster_parts.py"))
SECONDS = 240
"""Servers of children load torch, on a machine that may do other things."""


@pytest.fixture(autouse=True)
def in_time():
    """These tests state their own times."""


def wait_until(condition, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


class Cluster:
    """A scheduler and workers, started as processes."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes = []

    def start(self, workers=2, **options):
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        for _ in range(workers):
            self.add_worker(**options)

    def add_worker(self, hiding=None, threads=1):
        """Start a worker, perhaps one that does not see what lies in a folder."""
        words = ("worker", self.address, "--nthreads", str(threads), "--no-dashboard")
        scratch = self.folder / "scratch"
        words = (*words, "--local-directory", str(scratch), "--host", "127.0.0.1")
        before = ()
        if hiding:
            hide = f'mount -t tmpfs none {hiding} && exec "$@"'
            before = ("unshare", "-m", "sh", "-c", hide, "sh")
        return self._start(*words, before=before)

    def _start(self, kind, *words, before=()):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path])}
        command = [*before, sys.executable, "-m", f"distributed.cli.dask_{kind}", *words]
        with (self.folder / f"{kind}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=self.folder, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=60)
        self.processes = []


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    cluster.start()
    yield cluster
    cluster.stop()


class Bench:
    """Runs variations of the toy suite in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.words = folder / "words"
        self.words.mkdir(parents=True)
        self.ended = []
        self.site = Site(
            data_dir=folder / "data",
            workspace=folder / "workspace",
            results=folder / "results",
            plugins=Choice(PLUGINS, installed=False),
        )

    def run(self, executor, cluster=None, **changes):
        suite = override(load_suite(str(HELPERS / "toy.toml")), **{"seeds": "0", **changes})
        parts = load_parts(self.site.plugins)
        known = Store(self.site.results).read("toy")[0]
        plan = make_plan(suite, parts, known, data_dir=self.site.data_dir, core=core_code())
        request = ClusterRequest(cluster.address) if cluster else None
        with start_executor(executor, self.site, request) as carrying:
            return run(plan, self.site, carrying, QuietDisplay())

    def run_later(self, *args, **changes):
        """Run in another thread; call what it gives to have the outcomes."""
        ended = self.ended = []

        def work():
            try:
                ended.append(self.run(*args, **changes))
            except BaseException as error:
                ended.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()

        def join():
            thread.join(SECONDS)
            assert ended
            if isinstance(ended[0], BaseException):
                raise ended[0]
            return ended[0]

        return join

    @property
    def waiting(self):
        return f"waiting(folder='{self.words}')"

    def begun(self):
        """The workers on which something has begun to wait, by its process."""
        texts = {file.name: file.read_text() for file in self.words.glob("begun-*")}
        return {int(name.partition("-")[2]): int(t) for name, t in texts.items() if t}

    def wait_to_begin(self, times=1):
        """Wait until something has begun so many times to wait for a word."""

        def has_begun():
            assert not self.ended
            return len(self.begun()) >= times

        wait_until(has_begun)
        return self.begun()

    def go(self):
        (self.words / "go").touch()

    def records(self):
        return {r.label: r for r in Store(self.site.results).read("toy")[0]}

    def scores(self):
        return {
            label: {s.title: s.values or s.value for s in record.scores if s.subject != "cost"}
            for label, record in self.records().items()
        }


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """The scores of the toys, measured in this process."""
    bench = Bench(tmp_path_factory.mktemp("truth"))
    bench.run("inline")
    return bench.scores()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_cluster_gives_the_scores_of_one_process_and_leaves_no_file(bench, cluster, truth):
    assert bench.run("dask", cluster).measured == 3
    assert bench.scores() == truth
    assert not [*bench.folder.rglob(".probe*"), *bench.folder.glob("workspace/progress/*")]


def test_workers_without_a_gpu_are_not_used_for_a_run_that_needs_one(bench, cluster, capsys):
    bench.site = replace(bench.site, device="cuda")
    with pytest.raises(UsageError, match="no worker of the cluster can be used"):
        bench.run("dask", cluster)
    assert capsys.readouterr().err.count("it has no GPU, which --device cuda asks for") == 2


def test_a_worker_that_is_killed_in_mid_cell_costs_no_cell(bench, cluster, truth):
    ended = bench.run_later("dask", cluster, samplers=["normal", bench.waiting, "again"])
    [(child, worker)] = bench.wait_to_begin().items()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(child), seconds=20)
    bench.wait_to_begin(times=2)
    bench.go()
    outcomes = ended()
    assert (outcomes.measured, outcomes.failed) == (4, 0)
    assert truth.items() <= bench.scores().items()


def test_a_cell_that_always_takes_its_worker_down_fails_alone(bench, cluster, truth):
    outcomes = bench.run("dask", cluster, samplers=["normal", "kills-its-worker", "again"])
    assert (outcomes.measured, outcomes.failed) == (3, 1)
    [failed] = [record for record in bench.records().values() if record.status == "failed"]
    assert failed.failure == "killed"
    assert "the worker tcp://127.0.0.1:" in failed.reason
    assert "as were 2 others before it" in failed.reason
    assert truth.items() <= bench.scores().items()


def test_a_run_that_is_stopped_ends_the_children_on_workers(tmp_path, bench, cluster):
    command = [sys.executable, "-m", "samplebench", "run", "--suite", HELPERS / "toy.toml"]
    options = (
        "--executor=dask",
        f"--dask-address={cluster.address}",
        f"--sampler={bench.waiting}",
    )
    plugins = [f"--plugin={file}" for file in PLUGINS]
    places = ("--seeds=0", f"--results={tmp_path / 'r'}", f"--workspace={tmp_path / 'w'}")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HELPERS), *sys.path])}
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        stopped = subprocess.Popen(
            [*command, *options, *plugins, *places],
            env=environment,
            text=True,
            stderr=subprocess.PIPE,
        )
        child = wait_until(bench.begun).popitem()[0]
        stopped.send_signal(number)
        _, said = stopped.communicate(timeout=60)
        assert stopped.returncode == code
        assert "Traceback" not in said
        wait_until(lambda pid=child: not psutil.pid_exists(pid), seconds=30)
        shutil.rmtree(bench.words)
        bench.words.mkdir()


def test_workers_that_share_no_folder_get_all_over_the_wire(bench, truth, tmp_path_factory):
    if os.getuid() or subprocess.run(["unshare", "-m", "true"]).returncode:
        pytest.skip("needs root, to hide a folder from a process")
    cluster = Cluster(tmp_path_factory.mktemp("far"))
    cluster.start(workers=1, hiding=bench.folder)
    try:
        assert bench.run("dask", cluster).measured == 3
    finally:
        cluster.stop()
    assert bench.scores() == truth
    # What was made there is here too, whole.
    assert len(list(bench.folder.glob("workspace/autoencoders/*/digests.json"))) == 1
    pictures = list(bench.folder.glob("results/samples/toy/*.png"))
    assert len(pictures) == len(truth)


def test_a_scheduler_that_is_lost_and_found_costs_no_cell(bench, cluster, truth):
    ended = bench.run_later("dask", cluster, samplers=["normal", bench.waiting, "again"])
    bench.wait_to_begin()
    cluster.scheduler.kill()
    cluster.stop()
    cluster.start()
    bench.wait_to_begin(times=2)
    bench.go()
    outcomes = ended()
    assert (outcomes.measured, outcomes.failed) == (4, 0)
    assert truth.items() <= bench.scores().items()


def test_a_scheduler_that_is_not_found_again_ends_the_run_in_a_line(bench, cluster, monkeypatch):
    monkeypatch.setattr(on_dask, "SECONDS_OF_PATIENCE", 1.0)
    samplers = [bench.waiting]
    ended = bench.run_later("dask", cluster, samplers=samplers)
    bench.wait_to_begin()
    cluster.scheduler.kill()
    with pytest.raises(ClusterLost, match="was lost, and not found again in 1 s") as lost:
        ended()
    assert lost.value.exit_code == 5
    # What was made before is kept, and nothing was written of the cells that were lost.
    assert list(bench.folder.glob("workspace/autoencoders/*/digests.json"))
    assert {record.status for record in bench.records().values()} <= {"measured"}


def test_a_scheduler_that_is_not_there_is_named_in_a_line(bench):
    nobody = ClusterRequest("tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="no scheduler answers there"):
        start_executor("dask", replace(bench.site), nobody)
