"""What stands out in a table: the cells that are bold, and the rows that a diagnostic warns of."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from samplebench.results.record import Record
from samplebench.results.statistics import indistinguishable_from_best
from samplebench.results.table import Column, Row, Table


def marked(table: Table) -> Table:
    """The table with its bold cells and its alarms."""
    table = replace(
        table, rows=tuple(replace(row, alarms=_alarms(row, table)) for row in table.rows)
    )
    bold = {
        (row, place)
        for place, column in enumerate(table.columns)
        for contenders in _contests(table, column)
        for row in indistinguishable_from_best(
            _compared(
                {
                    row: table.rows[row].cells[place].values
                    for row in contenders
                    # A seed without a figure may be the worst: the others must not win for it.
                    if not table.rows[row].cells[place].problems
                },
                column,
            ),
            column.better,
        )
    }
    rows = tuple(
        replace(
            row,
            cells=tuple(
                replace(cell, bold=(number, place) in bold) for place, cell in enumerate(row.cells)
            ),
        )
        for number, row in enumerate(table.rows)
    )
    return replace(table, rows=rows)


def _compared(
    figures: Mapping[int, tuple[float, ...]], column: Column
) -> Mapping[int, tuple[float, ...]]:
    """The figures that are tested: costs, which vary by a share of themselves, as logarithms."""
    if column.subject != "cost" or any(value <= 0 for row in figures.values() for value in row):
        return figures
    return {row: tuple(map(math.log, values)) for row, values in figures.items()}


def machines(records: Iterable[Record]) -> set[str]:
    """What the records were measured on, as far as times and memory depend on it."""
    return {
        f"{origin.device} ({origin.processor}, {origin.threads} threads)"
        for origin in (record.provenance for record in records)
    }


def _contests(table: Table, column: Column) -> list[list[int]]:
    """The sets of rows whose figures of a column compete, as places in the table.

    References and controls compete for nothing; rows with an alarm, or without the figure that
    would raise it, for costs alone; and weights that were loaded for no figure of the autoencoder,
    because their seeds are one training. A figure of images or a cost compares across
    autoencoders, one of latents within its own; costs only on one machine.
    """
    if column.alarm is not None:
        return []
    if column.subject == "autoencoder":
        return [
            [
                place
                for place in _places(table.rows, "reconstruction")
                if not any(each.autoencoder.checkpoint for each in table.rows[place].measured)
            ]
        ]
    samplers = [
        place
        for place in _places(table.rows, "sampler")
        if column.subject == "cost" or _is_no_copier(table.rows[place], table)
    ]
    if column.subject == "latents":
        autoencoders = dict.fromkeys(table.rows[place].autoencoder for place in samplers)
        return [
            [place for place in samplers if table.rows[place].autoencoder == autoencoder]
            for autoencoder in autoencoders
        ]
    if column.subject == "cost" and len(machines(table.measured)) > 1:
        return []
    return [samplers]


def _is_no_copier(row: Row, table: Table) -> bool:
    """Whether every figure that raises alarms was measured, and none did."""
    watched = [
        cell
        for cell, column in zip(row.cells, table.columns, strict=True)
        if column.alarm is not None
    ]
    return not row.alarms and not any(cell.problems for cell in watched)


def _places(rows: Sequence[Row], kind: str) -> list[int]:
    return [place for place, row in enumerate(rows) if row.kind == kind]


def _alarms(row: Row, table: Table) -> tuple[Column, ...]:
    """The columns in which a row is worse than the alarm's multiple of the reconstruction row."""
    if row.kind not in ("sampler", "control"):
        return ()
    reference = next(
        (
            other
            for other in table.rows
            if other.kind == "reconstruction" and other.autoencoder == row.autoencoder
        ),
        None,
    )
    if reference is None:
        return ()
    return tuple(
        column
        for column, ours, theirs in zip(table.columns, row.cells, reference.cells, strict=True)
        if column.alarm is not None
        and ours.summary is not None
        and theirs.summary is not None
        and _worse(ours.summary.mean, column.alarm * theirs.summary.mean, column)
    )


def _worse(figure: float, limit: float, column: Column) -> bool:
    return figure > limit if column.better == "lower" else figure < limit
