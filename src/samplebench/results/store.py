"""Records on disk: one JSON file a cell, written whole or not at all."""

import os
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from samplebench.errors import BadRecord, OtherFormat, StorageError, UsageError
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
            content = tomllib.loads(self.suite_path(suite).read_text(encoding="utf-8"))
        except (OSError, ValueError):
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
            return path.read_text(encoding="utf-8-sig").strip() if path.is_file() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path} is appended to the board, and is no text in UTF-8 ({error}); "
                "mend or remove it"
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
        """The suites that have records here."""
        folder = self.folder / "records"
        return (
            sorted(path.name for path in folder.iterdir() if path.is_dir())
            if folder.is_dir()
            else []
        )

    def read(self, suite: str) -> tuple[list[Record], list[Damaged]]:
        """Every record of a suite by file name, and the files that could not be read."""
        records, damaged = [], []
        for path in sorted(self.records_folder(suite).rglob("*.json")):
            try:
                records.append(Record.from_json(path.read_text(encoding="utf-8")))
            except (BadRecord, UnicodeDecodeError, OSError) as error:
                damaged.append(Damaged(path, str(error)))
            except OtherFormat as error:
                damaged.append(Damaged(path, str(error), is_foreign=True))
        return records, damaged

    def write(self, record: Record) -> Path:
        """Put a record in place of any earlier one of its cell. A measured one that is replaced is
        set aside.

        Raises:
            StorageError: it could not be written; an earlier record is then untouched.
        """
        path = self.record_path(record)
        if path.exists():
            self._set_aside(path)
        self.update(record)
        return path

    def update(self, record: Record) -> None:
        """Write a record whose scores are those of the one that is there.

        Raises:
            StorageError: it could not be written; an earlier record is then untouched.
        """
        path = self.record_path(record)
        write_whole(path, record.to_json())
        earlier = self.records_folder(record.suite) / record.file_name
        earlier.unlink(missing_ok=True)  # format 1 had all records of a suite in one folder

    def require_writable(self, suite: str) -> None:
        """See before anything is measured that its record can be written.

        Raises:
            StorageError: it cannot.
        """
        probe = self.records_folder(suite) / ".probe"
        write_whole(probe, "")
        probe.unlink()

    def quarantine(self, damaged: Damaged) -> Path:
        """Move a damaged file out of the way, keeping it.

        Raises:
            OtherFormat: it is a whole record, which this version must not replace.
        """
        if damaged.is_foreign:
            raise OtherFormat(
                f"{damaged.path} is not replaced: {damaged.reason}, or run into other --results"
            )
        return _move(damaged.path, self.folder / "damaged")

    def forget(self, record: Record) -> None:
        """Move a record and its picture to ``superseded``, beside those that others replaced.

        Raises:
            StorageError: they could not be moved.
        """
        kept, picture = self._superseded(record), self.picture_path(record)
        _move_to(self.record_path(record), kept)
        if picture.exists():
            _move_to(picture, kept.with_suffix(".png"))

    def _superseded(self, record: Record) -> Path:
        """The place of a record that is set aside."""
        name = f"{Path(record.file_name).stem}_{_stamp(record)}.json"
        return self.folder / "superseded" / record.suite / name

    def _set_aside(self, path: Path) -> None:
        """Keep a record with figures that another is about to replace."""
        try:
            earlier = Record.from_json(path.read_text(encoding="utf-8"))
        except (BadRecord, UnicodeDecodeError):
            return
        if earlier.status in ("measured", "incomplete"):
            write_whole(self._superseded(earlier), earlier.to_json())


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
