"""Verification: replay chosen cells, compare, and stamp what the replays confirm."""

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import groupby

from samplebench.errors import UsageError
from samplebench.pipeline.request.plan import Plan, Planned
from samplebench.pipeline.running.run import Display, read_data
from samplebench.pipeline.verification.differences import differences, row_key
from samplebench.pipeline.verification.other_code import checked_out, full_name, measure_with
from samplebench.pipeline.verification.replay import replay
from samplebench.pipeline.verification.stamps import Comparison, Judgement, mark_stale, stamp
from samplebench.pipeline.workspace import Site
from samplebench.results.record import Provenance, Record
from samplebench.results.store import Store


@dataclass(frozen=True)
class Verdict:
    """The result of a verification.

    Attributes:
        same_platform: True if the same code had to give the same bits.
        stamped: records that are now those of the code of today.
        stale: records whose scores the code of today does not give.
    """

    comparisons: tuple[Comparison, ...]
    same_platform: bool
    stamped: tuple[Record, ...] = ()
    stale: tuple[Record, ...] = ()


def verify(
    plan: Plan, cells: Sequence[Planned], site: Site, executor: Executor, display: Display
) -> Verdict:
    """Replay cells with the code of today, and compare them with their records.

    On the platform of the records, equal bits confirm them, and other bits refute them; on another
    one, nothing is stamped.
    """
    replayed = replay(plan, cells, site, executor, display)
    recorded = {cell.identity: cell.record for cell in cells if cell.record}
    comparisons = _compare(plan, cells, recorded, replayed)
    same = all(
        _platform(replayed[identity].provenance) == _platform(record.provenance)
        for identity, record in recorded.items()
        if identity in replayed
    )
    if not same:
        return Verdict(comparisons, same_platform=False)
    return _stamp(plan, comparisons, site, since=None)


def verify_since(
    plan: Plan,
    cells: Sequence[Planned],
    commit: str,
    site: Site,
    executor: Executor,
    display: Display,
) -> Verdict:
    """Replay cells on this machine with the code of a commit and with that of today, and stamp the
    records of that commit with which both agree.

    Raises:
        UsageError: there is no such commit, or no record is from it.
    """
    commit = full_name(commit)
    cells = [cell for cell in cells if is_from(cell.record, commit)]
    if not cells:
        raise UsageError(f"no record of {plan.suite.name!r} that was chosen is from {commit[:12]}")
    read_data(cells, site, executor, display)  # before another commit's code meets what is missing
    where = f"{site.device.replace(':', '')}-{site.threads}"
    folder = site.workspace / "replays" / f"{commit[:12]}-{plan.suite.name}-{where}"
    with checked_out(commit, folder / commit) as tree:
        before = measure_with(tree, plan.suite, cells, site, display.started)
    after = replay(plan, cells, site, executor, display)
    shutil.rmtree(folder)
    return _stamp(plan, _compare(plan, cells, before, after), site, since=commit)


def _compare(
    plan: Plan,
    cells: Sequence[Planned],
    before: Mapping[str, Record],
    after: Mapping[str, Record],
) -> tuple[Comparison, ...]:
    """Compare two measurements of each cell."""
    ordered = sorted(plan.records, key=row_key)
    rows = {key: list(members) for key, members in groupby(ordered, key=row_key)}
    comparisons = []
    for cell in cells:
        assert cell.record is not None  # only measured cells are chosen
        first, second = before.get(cell.identity), after.get(cell.identity)
        if problem := _problem(first) or _problem(second) or _other_data(first, second):
            comparisons.append(Comparison(cell, cell.record, problem=problem))
        elif first and second:
            siblings = rows.get(row_key(cell.record), [])
            moved = tuple(differences(first, second, siblings))
            comparisons.append(Comparison(cell, cell.record, moved))
    return tuple(comparisons)


def _problem(record: Record | None) -> str | None:
    """The reason why a replay has no scores."""
    if record is None:
        return "it was not measured"
    return None if record.status == "measured" else record.reason or "a score has a problem"


def _other_data(first: Record | None, second: Record | None) -> str | None:
    """The reason why two measurements of other data do not compare."""
    if first and second and first.provenance.data != second.provenance.data:
        return "its data are no longer those of the record; `samplebench run` measures it again"
    return None


def _stamp(
    plan: Plan, comparisons: tuple[Comparison, ...], site: Site, *, since: str | None
) -> Verdict:
    """Write into records what the comparisons show."""
    judgement, store = Judgement.of(comparisons), Store(site.results)
    equal = {each.record.identity for each in comparisons if each.is_equal}
    moved = {each.record.identity for each in comparisons if each.differences}
    stamped, stale = [], []
    for planned in plan.of_status("measured", "unverified", "stale"):
        record = planned.record
        if record is None:
            continue
        if record.identity in moved or (
            judgement.refutes(record) and record.identity not in equal
        ):
            stale.append(mark_stale(record, comparisons, since=since))
        elif (
            judgement.confirms(record) or record.identity in equal
        ) and planned.status != "measured":
            stamped.append(stamp(planned, since=since))
    for record in (*stamped, *stale):
        store.update(record)
    return Verdict(comparisons, True, tuple(stamped), tuple(stale))


def is_from(record: Record | None, commit: str) -> bool:
    """A record of a commit with further edits, ``-dirty``, is from none."""
    known = record.provenance.commit if record else None
    return known is not None and commit.startswith(known)


def _platform(origin: Provenance) -> tuple[object, ...]:
    """All that decides the bits of scores, besides code."""
    machine = origin.device, origin.processor, origin.system, origin.threads
    return *machine, origin.torch, origin.blas
