"""Tables of numbers, .csv and .parquet: the names of their columns, and their cells."""

import csv
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from samplebench.errors import DataMissing
from samplebench.sample_files.memory import require_memory

SUFFIXES = (".csv", ".parquet")

_INDEX = "__index_level_"
"""How pandas begins the names of index columns in parquet."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table.

    Attributes:
        names: their names; their numbers from 1 in a .csv without a header row.
        named: whether the names stand in the file.
        lines: the lines of a .csv before its first number.
    """

    names: tuple[str, ...]
    named: bool = True
    lines: int = 0


def read_columns(path: Path) -> Columns:
    """Read the names of the columns alone.

    Raises:
        DataMissing: the table is damaged or empty, a column is an index of pandas, or has no
            numbers, or pyarrow is missing.
    """
    try:
        columns = _csv_columns(path) if _is_csv(path) else _parquet_columns(path)
    except (OSError, ValueError, csv.Error) as error:
        raise DataMissing(_damage(path, error)) from error
    if not columns.names:
        raise DataMissing(f"{path} has no columns, and so holds no samples.")
    for name in columns.names:
        if not name.strip() or name.startswith(_INDEX):
            raise DataMissing(
                f"{path} has a column without a name of its own, as pandas writes for row "
                "numbers: save it with index=False, or name the column."
            )
    return columns


def read_cells(path: Path, columns: Columns) -> NDArray[np.float64]:
    """Read all numbers, (rows, columns).

    Raises:
        DataMissing: there is no row, or a cell is empty or no number; the message has its place.
    """
    try:
        cells = _csv_cells(path, columns) if _is_csv(path) else _parquet_cells(path)
    except (OSError, ValueError, csv.Error) as error:
        raise DataMissing(_damage(path, error)) from error
    if not cells.size:
        raise DataMissing(f"{path} has no rows, and so holds no samples.")
    if cells.shape[1] != len(columns.names):
        raise DataMissing(
            f"{path} has {len(columns.names)} cells in its first row and {cells.shape[1]} in the "
            "others: give each row one cell a column."
        )
    return cells


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _damage(path: Path, error: Exception) -> str:
    reason = " ".join(str(error).split()).rstrip(".")
    return f"{path} cannot be read as a table of numbers: {reason}. Mend that place of the file."


def _csv_columns(path: Path) -> Columns:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        first = next((row for row in rows if row), [])
        if all(map(_is_number, first)):
            return Columns(tuple(str(number + 1) for number in range(len(first))), named=False)
        return Columns(tuple(first), lines=rows.line_num)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _csv_cells(path: Path, columns: Columns) -> NDArray[np.float64]:
    with path.open(encoding="utf-8-sig") as file:
        if not any(line.strip() for row, line in enumerate(file) if row >= columns.lines):
            return np.empty((0, 0))  # numpy would warn
        file.seek(0)
        try:
            return np.loadtxt(
                file,
                delimiter=",",
                skiprows=columns.lines,
                quotechar='"',
                comments=None,
                ndmin=2,
            )
        except ValueError as error:
            # numpy counts rows below the header, and adds advice on its own arguments.
            counted = f" (rows are counted below line {columns.lines})" if columns.lines else ""
            raise ValueError(f"{str(error).partition(';')[0].rstrip('.')}{counted}") from error


def _parquet_columns(path: Path) -> Columns:
    types = _pyarrow(path).types
    schema = _pyarrow(path).parquet.read_schema(path)
    for field in schema:
        kind = field.type
        if not (types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind)):
            raise ValueError(f"the column '{field.name}' is of type {kind}, not of numbers")
    return Columns(tuple(schema.names))


def _parquet_cells(path: Path) -> NDArray[np.float64]:
    parquet = _pyarrow(path).parquet
    facts = parquet.read_metadata(path)
    # A column of one value takes next to no space in the file, however many rows it states.
    needed = facts.num_rows * facts.num_columns * 2 * 8  # as it is read, and as it is returned
    require_memory(needed, ".npy files are mapped and not unpacked")
    table = parquet.read_table(path)
    cells = np.empty((table.num_rows, table.num_columns))
    for place, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if column.null_count:
            raise ValueError(f"the column '{name}' has {column.null_count} empty cells")
        cells[:, place] = column.to_numpy()
    return cells


def _pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DataMissing(
            f"Reading {path} needs pyarrow: pip install 'samplebench[parquet]'."
        ) from error
    module: ModuleType = pyarrow
    return module
