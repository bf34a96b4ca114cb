"""Stages in an order in which each finds what it needs, and so many at a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from samplebench.errors import SamplebenchError, StorageError
from samplebench.pipeline.device import deterministic
from samplebench.pipeline.running.claims import take_claim
from samplebench.pipeline.running.graph import complete
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.pipeline.stages.stage import Failure
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import Choice
from samplebench.training import Progress


@dataclass(frozen=True)
class Work:
    """A stage that notes down its title, and does what it is told."""

    site: Site = field(compare=False, repr=False)
    title: str
    needs: tuple["Work", ...] = ()
    wants: tuple["Work", ...] = ()
    do: Callable[[], object] = field(default=lambda: None, compare=False, repr=False)
    done: list = field(default_factory=list, compare=False, repr=False)

    @property
    def shared_in(self):
        return self.site.workspace

    def make(self, made, report):
        assert set(made) == {*self.needs, *self.wants}
        self.do()
        self.done.append(self.title)
        report(Progress(1, 1, 1.0, {}))
        place = self.site.workspace / self.title
        place.touch()
        return place


class Watcher:
    """Counts the stages that were started and have not ended."""

    def __init__(self):
        self.running, self.most, self.titles = 0, 0, []

    def started(self, title):
        self.running += 1
        self.most = max(self.most, self.running)
        self.titles.append(title)

    def progressed(self, title, progress):
        pass

    def ended(self, title):
        self.running -= 1


@pytest.fixture
def stage(tmp_path):
    """``stage("b", a)`` makes stage b that needs stage a; ``.done`` is shared by all."""
    site = Site(tmp_path, tmp_path, tmp_path, plugins=Choice(installed=False))
    done: list[str] = []

    def make(title: str, *needs: Work, wants=(), do=lambda: None) -> Work:
        return Work(site, title, needs, tuple(wants), do, done)

    make.done = done
    return make


@pytest.fixture
def threads():
    """An executor of threads; determinism, which they set, is afterwards as it was before."""
    with deterministic(1), ThreadPoolExecutor(8) as pool:
        yield pool


def fail(error: Exception) -> Callable[[], object]:
    def do():
        raise error

    return do


def outcomes(stages, executor=None, made=None, watcher=None, at_once=1):
    watcher = watcher or Watcher()
    executor = executor or InlineExecutor()
    return dict(complete(stages, made or {}, executor, watcher, at_once=at_once))


def test_stages_are_carried_out_with_all_that_they_need_once_and_in_order(stage):
    data = stage("data")
    model, features = stage("model", data), stage("features", data)
    cells = [stage("one", model, features), stage("two", model, wants=[features])]
    made = outcomes(cells)
    assert {work.title: path.name for work, path in made.items()} == {
        title: title for title in ("data", "model", "features", "one", "two")
    }
    assert stage.done == ["data", "model", "features", "one", "two"]


def test_what_somebody_removed_is_made_again_for_who_takes_it(stage):
    data = stage("data")
    model = stage("model", data)
    first = outcomes([stage("one", data, model)])
    first[model].unlink()
    again = {other: place for other, place in first.items() if other in (data, model)}
    outcomes([stage("two", data, model)], made=again)
    assert stage.done == ["data", "model", "one", "model", "two"]


def test_equal_stages_are_carried_out_once(stage):
    outcomes([stage("one", stage("data")), stage("two", stage("data"))])
    assert stage.done == ["data", "one", "two"]


def test_earlier_stages_go_first(stage):
    titles = [f"{number:02}" for number in range(12)]
    outcomes([stage(title) for title in titles])
    assert stage.done == titles


def test_what_was_made_before_is_not_made_again(stage, tmp_path):
    data = stage("data")
    made = outcomes([stage("cell", data)], made={data: tmp_path})
    assert stage.done == ["cell"]
    assert data not in made


def test_what_failed_before_fails_what_needs_it(stage):
    data, failure = stage("data"), Failure("error", "no data")
    cell = stage("cell", data)
    assert outcomes([cell], made={data: failure}) == {cell: failure}
    assert stage.done == []


def test_a_failure_is_that_of_all_that_needs_it_and_of_nothing_else(stage):
    bad = stage("bad", do=fail(SamplebenchError("no luck")))
    model = stage("model", bad)
    cell, other = stage("cell", model), stage("other", stage("good"))
    made = outcomes([cell, other])
    failure = Failure("error", "no luck")
    assert (made[bad], made[model], made[cell]) == (failure, failure, failure)
    assert made[other].name == "other"
    assert stage.done == ["good", "other"]


def test_a_stage_does_without_what_it_only_wants(stage):
    bad = stage("bad", do=fail(SamplebenchError("no luck")))
    cell = stage("cell", wants=[bad])
    made = outcomes([cell])
    assert (made[bad], made[cell].name) == (Failure("error", "no luck"), "cell")


def test_an_unexpected_error_is_a_failure_with_its_place(stage):
    made = outcomes([stage("bad", do=fail(ZeroDivisionError("nothing to divide by")))])
    [failure] = made.values()
    assert failure.kind == "error"
    assert failure.reason.startswith("ZeroDivisionError: nothing to divide by (test_graph.py,")


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_so_many_stages_are_carried_out_at_a_time_and_no_more(stage, threads, at_once):
    together = threading.Barrier(at_once)
    # Each waits until as many as may run do run: with fewer at a time, none would ever end.
    stages = [stage(str(n), do=lambda: together.wait(timeout=60)) for n in range(3 * at_once)]
    watcher = Watcher()
    made = outcomes(stages, threads, watcher=watcher, at_once=at_once)
    assert all(isinstance(outcome, Path) for outcome in made.values())
    assert (watcher.most, watcher.running) == (at_once, 0)


def test_any_executor_serves_and_each_stage_waits_for_what_it_needs(stage, threads):
    layers = [[stage(f"0 {n}") for n in range(4)]]
    for depth in range(1, 4):
        layers.append([stage(f"{depth} {n}", *layers[-1]) for n in range(4)])
    outcomes(layers[-1], threads, at_once=8)
    assert [title[0] for title in stage.done] == [str(d) for d in range(4) for _ in range(4)]


def test_work_that_cannot_be_written_ends_the_run_and_the_executor(stage, threads):
    full = stage("full", do=fail(StorageError("the disk is full")))
    with pytest.raises(StorageError, match="the disk is full"):
        outcomes([full, stage("next")], threads)
    assert "next" not in stage.done
    with pytest.raises(RuntimeError, match="after shutdown"):
        threads.submit(print)


def test_a_run_that_is_given_up_ends_the_executor(stage, threads):
    run = complete([stage("one"), stage("two")], {}, threads, Watcher(), at_once=1)
    next(run)
    run.close()
    with pytest.raises(RuntimeError, match="after shutdown"):
        threads.submit(print)


def test_what_another_run_carries_out_is_left_to_it(stage, monkeypatch):
    """The other run has ``model``; this one does what else there is, and waits for it."""
    monkeypatch.setattr("samplebench.pipeline.running.graph._SECONDS_BETWEEN_LOOKS", 0.02)
    model = stage("model")
    other = take_claim(model.shared_in, repr(model))
    left = stage("left", do=lambda: (stage.done.append("the other ends"), other.release()))
    watcher = Watcher()
    outcomes([stage("cell", model), left], watcher=watcher)
    assert stage.done == ["the other ends", "left", "model", "cell"]
    assert watcher.titles == ["left", "model", "cell"]


def test_a_run_that_has_nothing_else_to_do_says_that_it_waits(stage, threads, monkeypatch):
    monkeypatch.setattr("samplebench.pipeline.running.graph._SECONDS_BETWEEN_LOOKS", 0.02)
    model, watcher = stage("model"), Watcher()
    other = take_claim(model.shared_in, repr(model))
    run = threads.submit(outcomes, [model], watcher=watcher)
    while not watcher.titles:
        time.sleep(0.01)
    other.release()
    run.result(timeout=60)
    assert watcher.titles == ["waiting for another run: model", "model"]
    assert watcher.running == 0


def test_what_another_run_finished_meanwhile_is_not_done_again(stage, tmp_path):
    data, other = stage("data"), tmp_path / "of another"
    other.touch()
    run = complete(
        [stage("cell", data)],
        {},
        InlineExecutor(),
        Watcher(),
        at_once=1,
        find=lambda work: other if work == data else None,
    )
    assert [path.name for _, path in run] == ["of another", "cell"]
    assert stage.done == ["cell"]


@pytest.mark.parametrize("gives_up", [False, True])
def test_no_claim_is_kept(stage, tmp_path, gives_up):
    run = complete([stage("one"), stage("two")], {}, InlineExecutor(), Watcher(), at_once=1)
    next(run)
    assert list((tmp_path / ".claims").iterdir())
    run.close() if gives_up else list(run)
    assert not (tmp_path / ".claims").exists()


def test_files_of_progress_are_removed(stage, tmp_path):
    outcomes([stage("one"), stage("two")])
    assert list((tmp_path / "progress").iterdir()) == []
