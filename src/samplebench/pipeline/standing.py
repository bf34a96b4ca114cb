"""How a cell stands: whether its record holds, and if not, why."""

from collections.abc import Sequence
from typing import Literal

from samplebench.pipeline.grid import Cell
from samplebench.pipeline.measures import Measure
from samplebench.pipeline.setup import harness_code
from samplebench.results.record import Record

State = Literal["to do", "measured", "stale", "refused"]


def standing(
    cell: Cell, record: Record | None, asked: Sequence[Measure], again: bool
) -> tuple[State, str | None]:
    """The state of a cell that can be measured, and the reason where there is one.

    Args:
        asked: what is to be measured on it.
        again: a record that holds is to be made again.
    """
    if record is None:
        return "to do", None
    if record.status != "measured":
        return "to do", f"was {record.status}: {record.reason or 'a score has a problem'}"
    if changed := _changed_code(cell, record, asked):
        return "stale", f"measured with other code of {', '.join(changed)}"
    there = {score.key for score in record.scores}
    if missing := [str(measure) for measure in asked if measure.key not in there]:
        return "to do", f"not measured yet: {', '.join(missing)}"
    return ("to do", "measured again") if again else ("measured", None)


def _changed_code(cell: Cell, record: Record, asked: Sequence[Measure]) -> list[str]:
    """The sources that are not what they were when the record was made."""
    now = {
        chosen.key: chosen
        for chosen in (
            *(cell.dataset, cell.autoencoder, cell.sampler),
            *(part for measure in asked for part in (measure.metric, measure.features)),
        )
        if chosen is not None
    }
    then = {
        part.key: part
        for part in (
            *(record.dataset, record.autoencoder, record.sampler),
            *(score.metric for score in record.scores),
            *(score.features.part for score in record.scores if score.features),
        )
        if part is not None
    }
    changed = [
        f"{chosen.part.kind} '{chosen.part.name}'"
        for key, chosen in now.items()
        if key in then and then[key].code != chosen.code
    ]
    return changed + ["the harness"] * (record.provenance.harness != harness_code())
