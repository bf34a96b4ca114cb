"""A plan as rows for people and programs."""

from typing import Any

from tabulate import tabulate

from samplebench.display import format_duration
from samplebench.pipeline.request.plan import Plan
from samplebench.pipeline.request.status import Status

_STATUSES: tuple[Status, ...] = ("to do", "stale", "unverified", "measured", "refused")


def rows(plan: Plan) -> list[dict[str, Any]]:
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


def as_text(plan: Plan) -> str:
    """The rows as a table for a terminal, the number of each status, and the time to measure."""
    hidden = ("identity", "refused metrics")
    shown = [
        {name: "" if v is None else v for name, v in row.items() if name not in hidden}
        for row in rows(plan)
    ]
    todo = plan.of_status("to do", "stale")
    seconds = plan.estimated_seconds(todo)
    known = f"about {format_duration(seconds)}" if seconds is not None else None
    time = known or "unknown until one is measured"
    table = tabulate(shown, headers="keys", disable_numparse=True)
    return f"{table}\n\n{counts(plan)}. Time to measure: {time if todo else 'none'}."


def counts(plan: Plan) -> str:
    """The number of cells, and of each status."""
    counted = {status: len(plan.of_status(status)) for status in _STATUSES}
    listed = ", ".join(f"{count} {status}" for status, count in counted.items() if count)
    cells = len(plan.cells)
    return f"{cells} {'cell' if cells == 1 else 'cells'}: {listed}"
