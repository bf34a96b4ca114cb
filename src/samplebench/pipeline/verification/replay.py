"""Measuring chosen cells again, in folders of their own."""

import shutil
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from samplebench.digests import digest_of_data
from samplebench.pipeline.request.plan import Plan, Planned
from samplebench.pipeline.request.status import parts_of, status_of
from samplebench.pipeline.running.run import Display, run
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.workspace import Site
from samplebench.results.record import Record
from samplebench.results.store import Store


def replay(
    plan: Plan, cells: Sequence[Planned], site: Site, executor: Executor, display: Display
) -> dict[str, Record]:
    """Measure cells with the code of today, from training on; the records by identity.

    What an interrupted replay left is taken up again.
    """
    folder = site.workspace / "replays" / _key(cells, site)
    there = {r.identity: r for r in Store(folder).read(plan.suite.name)[0]}
    run(
        replace(plan, cells=tuple(_again(cell, there.get(cell.identity)) for cell in cells)),
        replace(site, results=folder, workspace=folder / "workspace"),
        executor,
        display,
    )
    replayed = {r.identity: r for r in Store(folder).read(plan.suite.name)[0]}
    shutil.rmtree(folder)
    return replayed


def _again(planned: Planned, record: Record | None) -> Planned:
    """The cell as it stands in the folder of the replay."""
    metrics, floors = planned.metrics.metrics, planned.metrics.floors
    status, reason = status_of(planned.cell, record, metrics, core_code(), floors=floors)
    status = "measured" if status == "measured" else "to do"
    return replace(planned, record=record, status=status, reason=reason)


def _key(cells: Sequence[Planned], site: Site) -> str:
    """A digest of the cells, of the code that measures them, and of what it runs on."""
    codes = {
        part.code.digest for cell in cells for part in parts_of(cell.cell, cell.metrics.recorded)
    }
    return digest_of_data(
        {
            "cells": [cell.identity for cell in cells],
            "code": sorted({*codes, core_code().digest}),
            "device": site.device,
            "threads": site.threads,
        }
    )
