"""The samples and labels of one split, in files of arrays or in tables."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from samplebench.errors import DataMissing
from samplebench.sample_files import array_files, table_files
from samplebench.sample_files.array_files import ArrayFile, Header, Numbers
from samplebench.sample_files.places import list_places

_FORMATS = ", ".join((*array_files.SUFFIXES, *table_files.SUFFIXES))
_ROW = np.dtype(np.float64)
"""The type in which tables are read."""


def is_file(text: str) -> bool:
    """Recognise a file, as opposed to a column, by the end of its name."""
    suffix = Path(_split_key(text)[0]).suffix.lower()
    return suffix in array_files.SUFFIXES or suffix in table_files.SUFFIXES


def is_table(file: str | Path) -> bool:
    """Recognise a table, as opposed to an array, by the end of its name."""
    return Path(file).suffix.lower() in table_files.SUFFIXES


def require_file(setting: str, text: str) -> None:
    """Refuse a file of another format. No file at all is accepted.

    Raises:
        ValueError: its name ends otherwise; the message has the formats.
    """
    if text and not is_file(text):
        raise ValueError(f"{setting}={text!r} is a file of none of the formats {_FORMATS}")


@dataclass(frozen=True)
class SampleFiles:
    """The file of the samples of a split and, if ``labels`` is not empty, their labels.

    Attributes:
        samples: a file, with ``:key`` if it holds several arrays.
        labels: the same, or a column of ``samples``, which is a table then.
    """

    data_dir: Path
    samples: str
    labels: str

    def header(self) -> Header:
        """Read the axes and the type of the samples. Of a table, (1, columns) stands for them.

        Raises:
            DataMissing: the file is absent, damaged or empty.
        """
        path, key = self._find(self.samples)
        if is_table(path):
            return Header((1, len(self._kept(path))), _ROW)
        return ArrayFile(path, key, "samples").header()

    def columns(self) -> tuple[str, ...] | None:
        """Read the names of the columns of samples, if it is a table with names.

        Raises:
            DataMissing: as ``header``.
        """
        path, _ = self._find(self.samples)
        if not is_table(path) or not (columns := table_files.read_columns(path)).named:
            return None
        return tuple(columns.names[place] for place in self._kept(path))

    def read(self) -> tuple[Numbers, Numbers | None]:
        """Read the samples (samples, …), and their labels (samples,) or (samples, 1) or none.

        Raises:
            DataMissing: as ``header``, or the numbers are not all there.
        """
        path, key = self._find(self.samples)
        if not is_table(path):
            labels = self._read_labels() if self.labels else None
            return ArrayFile(path, key, "samples").read(), labels
        columns = table_files.read_columns(path)
        cells = table_files.read_cells(path, columns)
        if self.labels and not is_file(self.labels):
            return cells[:, self._kept(path)], cells[:, columns.names.index(self.labels)]
        return cells, self._read_labels() if self.labels else None

    def _read_labels(self) -> Numbers:
        path, key = self._find(self.labels)
        if is_table(path):
            return table_files.read_cells(path, table_files.read_columns(path))
        return ArrayFile(path, key, "labels").read()

    def _kept(self, path: Path) -> list[int]:
        """The places of the columns that are no labels."""
        names = table_files.read_columns(path).names
        if not self.labels or is_file(self.labels):
            return list(range(len(names)))
        if self.labels not in names or len(names) == 1:
            shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
            raise DataMissing(
                f"labels={self.labels!r} must be one of several columns of {path}, which has: "
                f"{shown}."
            )
        return [place for place, name in enumerate(names) if name != self.labels]

    def _find(self, text: str) -> tuple[Path, str | None]:
        """Find a file, and the key in it if one is given."""
        if not text:
            raise DataMissing(f"arrays was given no file to train on. It takes {_FORMATS}.")
        name, key = _split_key(text)
        places = list_places(self.data_dir, name)
        for place in places:
            if place.is_file():
                return place, key
        raise DataMissing(
            f"There is no file {' or '.join(map(str, places))}. A relative path is looked up "
            "under the data folder (--data-dir), then here."
        )


def _split_key(text: str) -> tuple[str, str | None]:
    """Split ``data.npz:key``; other names may hold colons."""
    name, colon, key = text.rpartition(":")
    if colon and key and Path(name).suffix.lower() in array_files.KEYED:
        return name, key
    return text, None
