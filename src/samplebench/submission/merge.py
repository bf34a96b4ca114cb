"""Merging results of several machines into one folder: nothing measured is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samplebench.boards import write_boards
from samplebench.digests import digest_of
from samplebench.errors import BadSuite, UsageError
from samplebench.pipeline.request.suite_file import SuiteFile, parse_suite
from samplebench.results.record import Record
from samplebench.results.store import Damaged, Store, write_whole
from samplebench.submission.findings import Finding
from samplebench.submission.folder_lock import lock_folder
from samplebench.submission.held_files import HeldFiles, Unreadable
from samplebench.submission.manifest import find_changed
from samplebench.submission.opening import open_files
from samplebench.submission.pictures import find_fault_of_picture
from samplebench.submission.preference import choose, is_same_measurement, list_differences
from samplebench.submission.records import read_records, suites_of
from samplebench.submission.suite_union import join_suites


@dataclass
class Merged:
    """The outcome of a merge.

    Attributes:
        added: cells that the results did not have.
        equal: cells that they had, with scores that are equal to the last bit.
        replaced: cells that had no full record, or have a newer one with other scores now.
        differing: a line for each cell, suite or commentary that differs.
        left_out: what was not merged, because it is damaged or hostile.
        suites: those whose boards were written.
    """

    added: int = 0
    equal: int = 0
    replaced: int = 0
    differing: list[str] = field(default_factory=list)
    left_out: list[Finding] = field(default_factory=list)
    suites: list[str] = field(default_factory=list)


def merge(sources: Sequence[Path], results: Path) -> Merged:
    """Merge results folders or bundles into ``results``, and write the boards of their suites.

    Of two records of one cell, ``preference.choose`` says which is kept; the other is set aside
    under ``superseded``, unless it has no scores. Merging again changes nothing.

    Raises:
        UsageError: a source is none, or is the folder that is merged into. Nothing was merged.
        StorageError: something could not be written. What was merged before is kept.
    """
    for source in sources:
        if source.exists() and results.exists() and source.samefile(results):
            raise UsageError(f"{source} is the folder to merge into; name the others alone")
        with open_files(source):
            pass
    merged, store = Merged(), Store(results)
    with lock_folder(results):
        for source in sources:
            with open_files(source) as files:
                merged.left_out += _in_source(files.findings, source)
                if changed := find_changed(files):
                    merged.left_out += _in_source(changed, source)
                    continue  # somebody changed the bundle after it was made
                for suite in suites_of(files):
                    _merge_suite(suite, files, source, store, merged)
        merged.suites = sorted({*merged.suites})
        if merged.suites:
            write_boards(results, merged.suites)
    return merged


def _merge_suite(suite: str, files: HeldFiles, source: Path, store: Store, merged: Merged) -> None:
    findings: list[Finding] = []
    held = read_records(files, suite, findings)
    merged.left_out += _in_source(findings, source)
    if not held:
        return
    merged.suites.append(suite)
    records, damaged = store.read(suite)
    there = {record.identity: record for record in records}
    unreadable = {file.path: file for file in damaged}
    for each in held:
        record = each.record
        file = unreadable.pop(store.record_path(record), None)
        if file is not None and not _make_room(file, store, merged):
            continue
        there[record.identity] = _merge_record(
            record, there.get(record.identity), _picture(record, files), source, store, merged
        )
    _merge_suite_file(suite, files, source, store, merged)
    _merge_commentary(suite, files, source, store, merged)


def _make_room(file: Damaged, store: Store, merged: Merged) -> bool:
    """Move a damaged record out of the way; one of another format stays where it is."""
    if file.is_foreign:
        merged.left_out.append(Finding("record", str(file.path), file.reason))
        return False
    store.quarantine(file)
    return True


def _merge_record(
    theirs: Record,
    ours: Record | None,
    picture: bytes | None,
    source: Path,
    store: Store,
    merged: Merged,
) -> Record:
    """Put one record where it belongs; return the one that is there now."""
    if ours is None:
        merged.added += 1
        return _keep(theirs, picture, store)
    differences = list_differences(ours, theirs)
    kept = choose(ours, theirs)
    both = _has_scores(ours) and _has_scores(theirs)
    if differences:
        kept_of = "that of the results" if kept is ours else f"that of {source}"
        merged.differing.append(
            f"{ours.label}: {'; '.join(differences)}, in {store.folder} "
            f"({ours.provenance.processor}, {ours.provenance.finished}) and {source} "
            f"({theirs.provenance.processor}, {theirs.provenance.finished}); kept: {kept_of}"
        )
    elif both:
        merged.equal += 1
    mine = _own_picture(ours, store)
    if kept is ours:
        if not is_same_measurement(ours, theirs):
            _set_aside(theirs, picture, store)
        if both and not differences and mine is None and picture is not None:
            return _keep(_with_picture(ours), picture, store)  # equal scores: the same samples
        return ours
    if _has_scores(theirs) and (differences or not both):
        merged.replaced += 1
    if not is_same_measurement(ours, theirs):
        _set_aside(ours, mine, store)
    if both and not differences and picture is None and mine is not None:
        theirs, picture = _with_picture(theirs), mine
    return _keep(theirs, picture, store)


def _keep(record: Record, picture: bytes | None, store: Store) -> Record:
    """Write a record and its picture; one whose picture is absent names none."""
    if picture is None:
        record = record.model_copy(update={"picture": None})
    else:
        write_whole(store.picture_path(record), picture)
    store.update(record)
    return record


def _with_picture(record: Record) -> Record:
    name = f"{record.file_name.removesuffix('.json')}.png"
    return record.model_copy(update={"picture": name})


def _set_aside(record: Record, picture: bytes | None, store: Store) -> None:
    if _has_scores(record):
        store.set_aside(record, picture)


def _has_scores(record: Record) -> bool:
    return record.status in ("measured", "incomplete")


def _own_picture(record: Record, store: Store) -> bytes | None:
    path = store.picture_path(record)
    return path.read_bytes() if record.picture and path.is_file() else None


def _picture(record: Record, files: HeldFiles) -> bytes | None:
    """The picture of a record in a source; none where it is absent or no picture."""
    path = f"samples/{record.suite}/{record.picture}"
    if record.picture is None or path not in files.sizes:
        return None
    try:
        data = files.read(path)
    except Unreadable:
        return None
    return None if find_fault_of_picture(data) else data


def _merge_suite_file(
    suite: str, files: HeldFiles, source: Path, store: Store, merged: Merged
) -> None:
    """Join the suite with that of a source, where that has a valid one."""
    place = store.suite_path(suite)
    held = place.relative_to(store.folder).as_posix()
    if held not in files.sizes:
        return
    try:
        theirs = files.text(held)
        parse_suite(theirs, Path(held), SuiteFile)
    except (Unreadable, BadSuite) as error:
        merged.left_out += _in_source([Finding("suite", held, str(error))], source)
        return
    ours = place.read_text(encoding="utf-8-sig") if place.is_file() else theirs
    parse_suite(ours, place, SuiteFile)
    joined, differing = join_suites(ours, theirs)
    if differing:
        aside = store.folder / "superseded" / suite / f"suite_{digest_of(theirs)}.toml"
        write_whole(aside, theirs)
        merged.differing.append(
            f"suite {suite}: {', '.join(differing)} differ in {place} and {source}; kept: that of "
            f"the results, and the other as {aside}"
        )
    if not place.is_file() or joined != ours:
        write_whole(place, joined)


def _merge_commentary(
    suite: str, files: HeldFiles, source: Path, store: Store, merged: Merged
) -> None:
    place = store.commentary_path(suite)
    held = place.relative_to(store.folder).as_posix()
    if held not in files.sizes:
        return
    try:
        theirs = files.text(held)
    except Unreadable as error:
        merged.left_out += _in_source([Finding("board", held, str(error))], source)
        return
    if not place.is_file():
        write_whole(place, theirs)
    elif place.read_bytes() != theirs.encode():
        aside = store.folder / "superseded" / suite / f"commentary_{digest_of(theirs)}.md"
        write_whole(aside, theirs)
        merged.differing.append(
            f"commentary of {suite}: that of {source} is another; kept: that of the results, and "
            f"the other as {aside}"
        )


def _in_source(findings: Sequence[Finding], source: Path) -> list[Finding]:
    """The findings with their source named."""
    return [Finding(each.kind, f"{source}: {each.place}", each.message) for each in findings]
