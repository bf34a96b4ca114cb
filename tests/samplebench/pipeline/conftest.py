"""A bench of toy parts in a folder of its own: nothing bundled is needed."""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from samplebench.display import QuietDisplay
from samplebench.pipeline.request.plan import Plan, make_plan
from samplebench.pipeline.request.suite import Suite, load_suite, override
from samplebench.pipeline.running.executors import start_executor
from samplebench.pipeline.running.outcomes import Outcomes
from samplebench.pipeline.running.run import run
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import Choice, load_parts
from samplebench.results.record import Record
from samplebench.results.store import Store

HELPERS = Path(__file__).parents[2] / "helpers"


@dataclass
class Bench:
    """Runs variations of the toy suite, keeping records and workspace between them."""

    folder: Path
    plugin: Path = HELPERS / "toy_parts.py"
    messages: list[str] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return Site(
            data_dir=self.folder / "data",
            workspace=self.folder / "workspace",
            results=self.folder / "results",
            plugins=Choice((str(self.plugin),), installed=False),
        )

    @property
    def store(self) -> Store:
        return Store(self.site.results)

    def suite(self, **changes: Any) -> Suite:
        return override(load_suite(str(HELPERS / "toy.toml")), **changes)

    def plan(self, *, weights: Path | None = None, **changes: Any) -> Plan:
        options = {key: changes.pop(key) for key in ("only", "again") if key in changes}
        return make_plan(
            self.suite(**changes),
            load_parts(self.site.plugins),
            self.store.read("toy")[0],
            data_dir=self.site.data_dir,
            core=core_code(),
            weights=weights,
            **options,
        )

    def run(
        self, *, executor: str = "forked", site: dict[str, Any] | None = None, **changes: Any
    ) -> Outcomes:
        """Run the suite with changes, on a site with changes."""
        place = replace(self.site, **(site or {}))
        # A cell collects garbage before it measures memory. What the tests imported is none, and
        # need not be searched each time when the cell is measured in this process.
        gc.freeze()
        with start_executor(executor, place) as carrying:
            return run(self.plan(**changes), place, carrying, QuietDisplay())

    def records(self) -> dict[str, Record]:
        """By label."""
        return {record.label: record for record in self.store.read("toy")[0]}


@pytest.fixture(scope="session")
def make_bench() -> Callable[[Path], Bench]:
    """``make_bench(folder)``: for what tests share."""

    def make(folder: Path) -> Bench:
        (folder / "data").mkdir()
        return Bench(folder)

    return make


@pytest.fixture
def bench(make_bench: Callable[[Path], Bench], tmp_path: Path) -> Bench:
    return make_bench(tmp_path)


@pytest.fixture
def scores() -> Callable[[Record], dict[str, float | None]]:
    """The scores of a record that do not depend on the machine's speed."""
    return lambda record: {s.title: s.value for s in record.scores if s.subject != "cost"}
