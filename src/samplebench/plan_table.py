"""A plan as rows for people and programs."""

from tabulate import tabulate

from samplebench.display import duration
from samplebench.pipeline.plan import Plan


def rows(plan: Plan) -> list[dict[str, str | int | None]]:
    """One row a cell."""
    return [
        {
            "dataset": str(planned.cell.dataset),
            "autoencoder": str(planned.cell.autoencoder),
            "sampler": planned.cell.row,
            "seed": planned.cell.seed,
            "state": planned.state,
            "reason": planned.reason,
            "identity": planned.identity,
        }
        for planned in plan.cells
    ]


def as_text(plan: Plan) -> str:
    """The rows as a table for a terminal, how many there are of each state, and their time."""
    shown = [
        {name: "" if v is None else v for name, v in row.items() if name != "identity"}
        for row in rows(plan)
    ]
    todo = plan.of_state("to do", "stale")
    seconds = plan.estimated_seconds(todo)
    time = f"about {duration(seconds)}" if seconds is not None else "unknown until one is measured"
    table = tabulate(shown, headers="keys", disable_numparse=True)
    return f"{table}\n\n{counts(plan)}. Time to measure: {time if todo else 'none'}."


def counts(plan: Plan) -> str:
    """How many cells there are, of each state."""
    counted = {
        state: len(plan.of_state(state)) for state in ("to do", "stale", "measured", "refused")
    }
    told = ", ".join(f"{count} {state}" for state, count in counted.items() if count)
    cells = len(plan.cells)
    return f"{cells} {'cell' if cells == 1 else 'cells'}: {told}"
