"""Records on disk: one JSON file a cell, written whole or not at all."""

import os
import tempfile
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from samplebench.digests import digest_of
from samplebench.errors import BadRecord, OtherFormat, StorageError, UsageError
from samplebench.names import is_name
from samplebench.plain_text import shorten
from samplebench.regular_files import explain, read_text
from samplebench.results.garbage import collect_later
from samplebench.results.record import Record


@dataclass(frozen=True)
class Damaged:
    """A file among the records that is none, or none that this version can read, and why."""

    path: Path
    reason: str
    is_foreign: bool = False
    """True of a whole record of another format."""

    def __str__(self) -> str:
        return f"{self.path} is left out: {self.reason}"


@dataclass(frozen=True)
class Store:
    """A results folder: ``<suite>.md`` next to ``records/<suite>/<autoencoder>/*.json``, pictures
    in ``samples/<suite>``, plots in ``plots/<suite>``, and ``commentary/<suite>.md`` where
    somebody wrote about the board.
    """

    folder: Path

    def records_folder(self, suite: str) -> Path:
        return self.folder / "records" / suite

    def suite_path(self, suite: str) -> Path:
        """The suite as it was last run, with all that was asked for in place of its own."""
        return self.records_folder(suite) / "suite.toml"

    def read_about(self, suite: str) -> str | None:
        """Read the description of that suite; ``None`` if it is not there or cannot be read."""
        try:
            content = tomllib.loads(read_text(self.suite_path(suite), links=False))
        except (OSError, ValueError, RecursionError):
            return None
        return str(content.get("about", ""))

    def samples_folder(self, suite: str) -> Path:
        return self.folder / "samples" / suite

    def plots_folder(self, suite: str) -> Path:
        return self.folder / "plots" / suite

    def board_path(self, suite: str) -> Path:
        return self.folder / f"{suite}.md"

    def appendix_path(self, suite: str) -> Path:
        return self.folder / f"{suite}.appendix.md"

    def commentary_path(self, suite: str) -> Path:
        return self.folder / "commentary" / f"{suite}.md"

    def commentary(self, suite: str) -> str:
        """The text that somebody wrote about this board, or nothing."""
        path = self.commentary_path(suite)
        try:
            return read_text(path, links=False).strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path} is appended to the board, and {explain(error)}; mend or remove it"
            ) from error

    def pictures(self, suite: str) -> set[str]:
        """The names of the pictures that a suite has."""
        return {path.name for path in self.samples_folder(suite).glob("*.png")}

    def record_path(self, record: Record) -> Path:
        return self.records_folder(record.suite) / record.autoencoder.name / record.file_name

    def picture_path(self, record: Record) -> Path:
        """The picture of a record's samples."""
        return self.samples_folder(record.suite) / f"{Path(record.file_name).stem}.png"

    def suites(self) -> list[str]:
        """The suites that have records here.

        Raises:
            UsageError: the folder cannot be read.
        """
        folder = self.folder / "records"
        try:
            there = list(folder.iterdir()) if folder.is_dir() else []
        except OSError as error:
            raise UsageError(f"{folder} cannot be read: {explain(error)}") from error
        return sorted(path.name for path in there if is_name(path.name) and path.is_dir())

    def read(self, suite: str) -> tuple[list[Record], list[Damaged]]:
        """Every record of a suite by file name, and the files that could not be read.

        Raises:
            UsageError: a folder for what belongs to that suite is a link out of the results.
        """
        for place in (
            *(self.records_folder(suite), self.samples_folder(suite)),
            *(self._superseded_folder(suite), self._damaged_folder, self.commentary_path(suite)),
        ):
            self._require_inside(place.parent if place.suffix else place)
        records, damaged = [], []
        with collect_later():
            for path in sorted(self.records_folder(suite).rglob("*.json")):
                try:
                    records.append(self._read_record(path))
                except (OSError, UnicodeDecodeError) as error:
                    damaged.append(Damaged(path, explain(error)))
                except BadRecord as error:
                    damaged.append(Damaged(path, str(error)))
                except OtherFormat as error:
                    damaged.append(Damaged(path, str(error), is_foreign=True))
        return records, damaged

    def find(self, path: Path) -> Record | None:
        """Read the record that lies at ``path``; ``None`` if there is none, a damaged one, or one
        behind a link out of the results.
        """
        try:
            self._require_inside(path.parent)
            return self._read_record(path)
        except (OSError, UnicodeDecodeError, UsageError, BadRecord, OtherFormat):
            return None

    def _read_record(self, path: Path) -> Record:
        """Read a record that lies where it says it does: a run writes there, and nowhere else.

        Raises:
            BadRecord: it is damaged, or its suite, parts, seed or identity name another file.
            OtherFormat: it has a format that this version does not know.
            OSError: it is no regular file.
        """
        record = Record.from_json(read_text(path, links=False))
        below = path.parts[len(self.folder.parts) :]
        if below == ("records", record.suite, record.autoencoder.name, record.file_name):
            return record  # as record_path has it, which takes longer to make
        place = self.record_path(record)
        if path not in (place, self._earlier_path(record)):
            raise BadRecord(
                f"by its content it is {shorten(str(place))}: it was moved or renamed, or its "
                "suite, a part, the seed or the identity was changed; put it back, or measure the "
                "cell again"
            )
        return record

    def _require_inside(self, place: Path) -> None:
        """Refuse to follow a link out of the results, as a folder of somebody else may have.

        Raises:
            UsageError: there is one above ``place``.
        """
        if not place.resolve().is_relative_to(self.folder.resolve()):
            raise UsageError(
                f"{place} leads to {place.resolve()}, which is outside of {self.folder}: remove "
                "that link, or name the folder that it leads to with --results"
            )

    def write(self, record: Record) -> Path:
        """Put a record in place of any earlier one of its cell. A measured one that is replaced is
        set aside.

        Raises:
            StorageError: it could not be written; an earlier record is then untouched.
        """
        path = self.record_path(record)
        if os.path.lexists(path):
            self._set_aside(path)
        self.update(record)
        return path

    def update(self, record: Record) -> None:
        """Write a record whose scores are those of the one that is there.

        Raises:
            StorageError: it could not be written; an earlier record is then untouched.
        """
        path = self.record_path(record)
        self._require_inside(path.parent)
        write_whole(path, record.to_json())
        self._earlier_path(record).unlink(missing_ok=True)

    def touch(self, record: Record) -> None:
        """Let other runs see that a cell was tried again and its record is as it was."""
        with suppress(OSError):
            os.utime(self.record_path(record))

    def _earlier_path(self, record: Record) -> Path:
        """The place of a record of format 1, which had all records of a suite in one folder."""
        return self.records_folder(record.suite) / record.file_name

    def require_writable(self, suite: str) -> None:
        """See before anything is measured that its record can be written.

        Raises:
            StorageError: it cannot.
        """
        probe = self.records_folder(suite) / ".probe"
        write_whole(probe, "")
        probe.unlink(missing_ok=True)  # another run may have removed it

    def quarantine(self, damaged: Damaged) -> Path:
        """Move a damaged file out of the way, keeping it.

        Raises:
            OtherFormat: it is a whole record, which this version must not replace.
        """
        if damaged.is_foreign:
            raise OtherFormat(
                f"{damaged.path} is not replaced: {damaged.reason}, or run into other --results"
            )
        return _move(damaged.path, self._damaged_folder)

    def forget(self, record: Record) -> None:
        """Move a record and its picture to ``superseded``, beside those that others replaced.

        Raises:
            StorageError: they could not be moved.
        """
        kept, picture = self._superseded(record), self.picture_path(record)
        _move_to(self.record_path(record), kept)
        if picture.exists():
            _move_to(picture, kept.with_suffix(".png"))

    def set_aside(self, record: Record, picture: bytes | None = None) -> Path:
        """Keep a record that is not, or no longer, that of its cell, with its picture.

        Raises:
            StorageError: it could not be written.
        """
        place = self._superseded(record)
        write_whole(place, record.to_json())
        if picture is not None:
            write_whole(place.with_suffix(".png"), picture)
        return place

    def _superseded(self, record: Record) -> Path:
        """The place of a record that is set aside: another one's is left to that one."""
        folder = self._superseded_folder(record.suite)
        stem = f"{Path(record.file_name).stem}_{_stamp(record)}"
        text = record.to_json()
        place = folder / f"{stem}.json"
        try:
            is_taken = read_text(place, links=False) != text
        except FileNotFoundError:
            is_taken = False
        except (OSError, UnicodeDecodeError):
            is_taken = True
        return folder / f"{stem}_{digest_of(text)}.json" if is_taken else place

    def _superseded_folder(self, suite: str) -> Path:
        return self.folder / "superseded" / suite

    @property
    def _damaged_folder(self) -> Path:
        return self.folder / "damaged"

    def _set_aside(self, path: Path) -> None:
        """Keep a record with figures that another is about to replace."""
        try:
            earlier = self._read_record(path)
        except (BadRecord, OSError, UnicodeDecodeError):
            return
        if earlier.status in ("measured", "incomplete"):
            self.set_aside(earlier)


def _stamp(record: Record) -> str:
    return "".join(character for character in record.provenance.finished if character.isalnum())


def _move_to(path: Path, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    except OSError as error:
        raise _storage_error(path, error) from error


def _move(path: Path, folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob(f"{path.stem}*")))
        return path.replace(folder / (f"{path.stem}.{number}.json" if number else path.name))
    except FileNotFoundError:  # another run moved it
        return folder / path.name
    except OSError as error:
        raise _storage_error(path, error) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whatever happens meanwhile.

    Raises:
        StorageError: disk full, no permission, …; the old file is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _storage_error(path, error) from error


def _storage_error(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path} could not be written ({error.strerror}). Nothing that was there is lost; "
        "make room or choose another folder with --results, and run again."
    )
