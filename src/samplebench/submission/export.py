"""Bundles: a board with its records, pictures, suite and commentary, and a manifest of digests."""

import io
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from samplebench.boards import render_pages
from samplebench.errors import BadRecord, StorageError, UsageError
from samplebench.results.board import Board, make_board
from samplebench.results.plots.files import is_current, render
from samplebench.results.store import Store, write_whole
from samplebench.submission.findings import Finding
from samplebench.submission.held_files import MANIFEST, MadeFiles, Unreadable, read_file
from samplebench.submission.manifest import Manifest, make_manifest, read_manifest
from samplebench.submission.opening import open_files
from samplebench.submission.validate import find_all

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip archive. The time of export would make each one different."""


def export(results: Path, suite: str, output: Path) -> list[Finding]:
    """Bundle a suite of a results folder: a zip archive if ``output`` ends in ``.zip``, or a
    folder. The same results give the same bytes.

    An earlier bundle in its place is replaced.

    Returns:
        What ``validate`` finds in it.

    Raises:
        UsageError: the suite has no records, or something else lies at ``output``.
        BadRecord: a record cannot be read.
        StorageError: the bundle could not be written.
    """
    _require_replaceable(output)
    files = collect(results, suite)
    bundle = {MANIFEST: make_manifest(suite, files), **files}
    if output.suffix == ".zip":
        write_whole(output, _pack(bundle))
    else:
        _write_folder(output, bundle)
    return find_all(MadeFiles(bundle))


def collect(results: Path, suite: str) -> dict[str, bytes]:
    """Everything of a bundle but its manifest, by path. Its pages are made anew.

    Raises:
        UsageError: the suite has no records.
        BadRecord: a record cannot be read.
    """
    store = Store(results)
    if suite not in store.suites():
        there = ", ".join(store.suites()) or "none"
        raise UsageError(f"no records of {suite!r} are in {results}; there are: {there}")
    records, damaged = store.read(suite)
    if damaged:
        raise BadRecord(f"{damaged[0].path} cannot be bundled: {damaged[0].reason}")
    board = make_board(
        suite,
        records,
        pictures=store.pictures(suite),
        commentary=store.commentary(suite),
        about=store.read_about(suite),
    )
    files = {
        _relative(store.record_path(record), store): record.to_json().encode()
        for record in records
    }
    kept = [store.suite_path(suite), store.commentary_path(suite)]
    files |= {_relative(path, store): _read(path) for path in kept if path.is_file()}
    pages = render_pages(store, board)
    files |= {_relative(path, store): text.encode() for path, text in pages.items()}
    files |= _pictures(store, board)
    files |= _plots(store, board)
    return dict(sorted(files.items()))


def _pictures(store: Store, board: Board) -> dict[str, bytes]:
    """The pictures of rows, and the montages, drawn anew where they are not current."""
    folder = store.samples_folder(board.suite)
    montages = {montage.file_name: montage for montage in board.montages}
    names = {name for name in board.pictures if not name.endswith(".montage.png")}
    found = {name: _read(folder / name) for name in names}
    for name, montage in montages.items():
        is_current = montage.is_current(folder)
        found[name] = _read(folder / name) if is_current else montage.draw(folder)
    return {_relative(folder / name, store): data for name, data in found.items()}


def _plots(store: Store, board: Board) -> dict[str, bytes]:
    """The plots, drawn anew where they are not current."""
    folder = store.plots_folder(board.suite)
    places = {folder / f"{name}.svg": chart for name, chart in board.charts.items()}
    return {
        _relative(path, store): _read(path) if is_current(chart, path) else render(chart, ".svg")
        for path, chart in places.items()
    }


def _relative(path: Path, store: Store) -> str:
    return path.relative_to(store.folder).as_posix()


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except Unreadable as error:
        raise UsageError(f"{path} cannot be bundled: {error}; mend or remove it") from error


def _require_replaceable(output: Path) -> None:
    """Refuse to replace anything but an earlier bundle or an empty folder."""
    is_archive = output.suffix == ".zip"
    if not output.exists() and not output.is_symlink():
        return
    if not is_archive and output.is_dir() and not any(output.iterdir()):
        return
    if output.is_file() if is_archive else output.is_dir():
        with suppress(UsageError), open_files(output) as files:
            manifest = read_manifest(files) if files.is_bundle else None
            known = {MANIFEST, *manifest.files} if isinstance(manifest, Manifest) else set()
            if known.issuperset(files.sizes) and not files.findings:
                return
    raise UsageError(
        f"{output} is there and is no bundle of samplebench; give another --output: a new folder, "
        "or a file that ends in .zip"
    )


def _pack(bundle: Mapping[str, bytes]) -> bytes:
    """A zip archive. Stored, because versions of zlib compress the same bytes differently."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for path, data in sorted(bundle.items()):
            entry = zipfile.ZipInfo(path, _LONG_AGO)
            entry.create_system = 3  # Unix, whichever system this is
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, data)
    return archive.getvalue()


def _write_folder(output: Path, bundle: Mapping[str, bytes]) -> None:
    """Write a folder whole, then put it in the place of an earlier one."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    except OSError as error:
        raise _not_written(output, error) from error
    try:
        made = unfinished / "bundle"
        for path, data in bundle.items():
            write_whole(made / path, data)
        _put(made, output, unfinished / "earlier")
    except OSError as error:
        raise _not_written(output, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _put(made: Path, output: Path, earlier: Path) -> None:
    """Put a folder in its place; the earlier one comes back if that fails."""
    if output.exists():
        output.rename(earlier)
    try:
        made.rename(output)
    except OSError:
        if earlier.exists():
            earlier.rename(output)
        raise


def _not_written(output: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{output} could not be written ({error.strerror}); make room or choose another --output"
    )
