"""A plan as plain data for people and programs, kept from one command to the next."""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samplebench import known
from samplebench.catalogue import known_rows, plugin_choice
from samplebench.durations import format_duration
from samplebench.pipeline.request.suite_file import SuiteFile, read_suite
from samplebench.registry.loading import Parts, find_sources
from samplebench.results.formats.text_table import format_rows

if TYPE_CHECKING:
    from samplebench.pipeline.request.plan import Plan
    from samplebench.pipeline.request.status import Status

_STATUSES: Final[tuple["Status", ...]] = (
    "to do",
    "stale",
    "unverified",
    "measured",
    "failed",
    "refused",
)

_MOST_ROWS: Final = 100
"""Cells that are listed one by one unless all are asked for."""

_ABOUT_OUTPUT: Final = ("json", "all")
"""Options that change what is shown of a plan."""


def known_view(options: argparse.Namespace) -> dict[str, Any] | None:
    """Find what an earlier command planned, if everything that it went by is as it was."""
    question = _question(options)
    found: dict[str, Any] | None = known.recall(question) if question else None
    return found


def keep_view(
    options: argparse.Namespace, view: Mapping[str, Any], parts: Parts, plan: "Plan", since: int
) -> None:
    """Keep a plan for ``known_view``, unless something went with it that has to be said each time:
    a plugin is broken, a part gave no answer, or a record is damaged.
    """
    question = _question(options)
    records = _record_files(options.results, plan.suite.name)
    is_whole = not parts.broken and not plan.faults and len(records) == len(plan.records)
    if question and is_whole:
        # Digests cover modules that no one has imported yet.
        core = Path(__file__).parent.rglob("*.py")
        sources = [source for plugin in parts.plugins for source in plugin.sources]
        known.keep(question, view, since=since, files=map(str, [*core, *sources]))


def view(plan: "Plan") -> dict[str, Any]:
    """A plan as plain data: its rows, and what is said of it as a whole."""
    todo = plan.of_status("to do", "stale")
    seconds = plan.estimated_seconds(todo)
    time = f"about {format_duration(seconds)}" if seconds else "unknown until one is measured"
    return {
        "rows": rows(plan),
        "counts": counts(plan),
        "time": time if todo else "none",
        "warnings": list(plan.warnings),
    }


def rows(plan: "Plan") -> list[dict[str, Any]]:
    """One row a cell. ``refused metrics`` have no meaning for it, each for its reason."""
    return [
        {
            "dataset": str(planned.cell.dataset),
            "autoencoder": str(planned.cell.autoencoder),
            "sampler": planned.cell.row,
            "seed": planned.cell.seed,
            "status": planned.status,
            "reason": planned.reason,
            "refused metrics": {
                str(metric): refusal.reason for metric, refusal in planned.metrics.refused
            },
            "identity": planned.identity,
        }
        for planned in plan.cells
    ]


def as_text(view: Mapping[str, Any], *, width: int, whole: bool) -> str:
    """The plan for a terminal: its cells, or the numbers of each status where they are many; the
    numbers of all; and the time to measure.
    """
    cells = view["rows"]
    if whole or len(cells) <= _MOST_ROWS:
        hidden = ("identity", "refused metrics")
        shown = [
            {name: "" if v is None else str(v) for name, v in row.items() if name not in hidden}
            for row in cells
        ]
        hint = ""
    else:
        shown = _summarise(cells)
        hint = "\n`--all` lists each cell with its reason."
    return (
        f"{format_rows(shown, width)}\n\n{view['counts']}. Time to measure: {view['time']}.{hint}"
    )


def counts(plan: "Plan") -> str:
    """The number of cells, and of each status."""
    counted = {status: len(plan.of_status(status)) for status in _STATUSES}
    listed = ", ".join(f"{count} {status}" for status, count in counted.items() if count)
    cells = len(plan.cells)
    return f"{cells} {'cell' if cells == 1 else 'cells'}: {listed}"


def _summarise(cells: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The number of cells of each status, by dataset and autoencoder."""
    groups = dict.fromkeys((cell["dataset"], cell["autoencoder"]) for cell in cells)
    counted = Counter((cell["dataset"], cell["autoencoder"], cell["status"]) for cell in cells)
    statuses = [status for status in _STATUSES if any(c["status"] == status for c in cells)]
    return [
        {
            "dataset": dataset,
            "autoencoder": autoencoder,
            **{s: str(counted[dataset, autoencoder, s] or "") for s in statuses},
        }
        for dataset, autoencoder in groups
    ]


def _question(options: argparse.Namespace) -> str | None:
    """All that a plan depends on, besides code; ``None`` for one that is not kept."""
    choice = plugin_choice(options)
    if options.checkpoint or known_rows(choice) is None:
        return None
    suite = read_suite(options.suite, SuiteFile)
    asked = {name: value for name, value in vars(options).items() if name not in _ABOUT_OUTPUT}
    asked |= {"results": options.results.absolute(), "command": "plan"}
    records = _record_files(options.results, suite.name)
    return f"{suite.model_dump_json()} {find_sources(choice)} {sorted(asked.items())} {records}"


def _record_files(results: Path, suite: str) -> list[tuple[str, int, int]]:
    """The files of a suite's records as they are now."""
    found: Iterable[Path] = (results.absolute() / "records" / suite).rglob("*.json")
    states = ((str(path), path.stat()) for path in sorted(found))
    return [(path, state.st_mtime_ns, state.st_size) for path, state in states]
