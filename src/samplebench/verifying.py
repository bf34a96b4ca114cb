"""The command `verify`: choose cells, replay them, and print what came of it."""

import argparse
import sys
from collections.abc import Sequence

from samplebench.display import choose_display
from samplebench.errors import NothingToRun, UsageError
from samplebench.pipeline.request.plan import Plan, Planned, matches
from samplebench.pipeline.running.executors import start_executor
from samplebench.pipeline.verification import verify as verification
from samplebench.pipeline.verification.choice import cover, sample
from samplebench.pipeline.verification.differences import Difference
from samplebench.pipeline.verification.other_code import full_name
from samplebench.pipeline.verification.verify import Verdict, is_from
from samplebench.planning import plan_verification
from samplebench.results.labels import list_distinct


def verify(options: argparse.Namespace) -> int:
    """Replay cells and print the verdict; 1 if scores moved that should not have."""
    plan, site = plan_verification(options)
    cells = _choose(plan, options)
    if not options.quiet:
        print(
            f"{plan.suite.name}: replaying {len(cells)} of {len(plan.cells)} cells, "
            f"on {site.device}",
            file=sys.stderr,
        )
    with choose_display(options.quiet) as display, start_executor("forked", site) as executor:
        if options.since:
            verdict = verification.verify_since(
                plan, cells, options.since, site, executor, display
            )
        else:
            verdict = verification.verify(plan, cells, site, executor, display)
    print("\n".join(_lines(verdict, options.since)))
    return 0 if _holds(verdict) else 1


def _choose(plan: Plan, options: argparse.Namespace) -> list[Planned]:
    commit = full_name(options.since) if options.since else None
    measured = [
        planned
        for planned in plan.of_status("measured", "unverified", "stale", "to do")
        if planned.record is not None
        and planned.record.status == "measured"
        and (not options.only or matches(planned.cell, options.only))
        and (commit is None or is_from(planned.record, commit))
    ]
    if not measured:
        raise NothingToRun(
            f"no cell of {plan.suite.name!r} that was asked for is measured in {options.results}"
            f"{f' from commit {options.since}' if options.since else ''}; "
            "`samplebench run` measures"
        )
    if options.sample is not None and options.sample < 1:
        raise UsageError(f"--sample is 1 or more, not {options.sample}")
    if options.all:
        return measured
    return sample(measured, options.sample) if options.sample else cover(measured)


def _lines(verdict: Verdict, since: str | None) -> list[str]:
    """The verdict, for a terminal."""
    compared = f"the code of {since}" if since else "the records"
    equal = sum(comparison.is_equal for comparison in verdict.comparisons)
    lines = [
        f"{comparison.planned.cell.label}: {comparison.problem}"
        for comparison in verdict.comparisons
        if comparison.problem
    ]
    moved = _moved(verdict)
    lines += [difference.describe(_level(verdict, moved)) for difference in moved]
    lines.append(
        f"{equal} of {len(verdict.comparisons)} cells have the same scores as {compared}, "
        "to the last bit."
    )
    if not verdict.same_platform:
        level = _level(verdict, moved)
        within = sum(d.is_within_spread(level) is True for d in moved)
        lines.append(
            "The records are from another kind of processor (or do not name theirs in full), "
            "another system, thread count, torch or BLAS, where the same code can give other "
            f"bits: of {len(moved)} scores that differ, {within} differ by no more than two seeds "
            f"do{_explain_level(level, moved)}."
        )
    if verdict.stamped:
        lines.append(f"Stamped as measured by today's code: {_count(len(verdict.stamped))}.")
    if verdict.stale:
        lines.append(f"Stale: {_count(len(verdict.stale))}; `samplebench run` measures again.")
    return lines


def _moved(verdict: Verdict) -> list[Difference]:
    return [d for comparison in verdict.comparisons for d in comparison.differences]


def _level(verdict: Verdict, moved: Sequence[Difference]) -> float:
    """The level of the interval of one score.

    On another platform, all together leave theirs by chance in at most 5 of 100 verifications
    (Bonferroni).
    """
    return 0.95 if verdict.same_platform or not moved else 1 - 0.05 / len(moved)


def _explain_level(level: float, moved: Sequence[Difference]) -> str:
    """Say which interval was used, and that it is wide where there are few seeds."""
    seeds = [d.spread.n for d in moved if d.spread]
    if not seeds:
        return ""
    few = "; with so few seeds it is wide, and finds only large differences"
    return (
        f", by Student's t over {list_distinct(map(str, sorted(seeds)))} seeds at "
        f"{100 * level:.4g} %, so that all together hold at 95 %{few if min(seeds) < 5 else ''}"
    )


def _count(records: int) -> str:
    return "1 record" if records == 1 else f"{records} records"


def _holds(verdict: Verdict) -> bool:
    """Say if all replays agree, on another platform within the spread over seeds."""
    if any(comparison.problem for comparison in verdict.comparisons):
        return False
    if verdict.same_platform:
        return all(comparison.is_equal for comparison in verdict.comparisons)
    moved = _moved(verdict)
    if any(d.recorded is None or d.replayed is None for d in moved):
        return False
    return not any(d.is_within_spread(_level(verdict, moved)) is False for d in moved)
