"""The commands. Each reads its arguments, asks the room that knows, and prints."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from samplebench.arguments import KINDS, parser
from samplebench.errors import SamplebenchError, UsageError

if TYPE_CHECKING:
    from samplebench.pipeline.plan import Plan
    from samplebench.pipeline.run import Tally
    from samplebench.pipeline.setup import Setup
    from samplebench.pipeline.suite import Suite
    from samplebench.registry.loading import Choice, Parts

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    options = parser(COMMANDS).parse_args(arguments)
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our output has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SamplebenchError as error:
        print(f"samplebench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("samplebench: interrupted; what was measured is kept", file=sys.stderr)
        return _INTERRUPTED


def run(options: argparse.Namespace) -> int:
    """Measure what a suite asks for and is not measured yet, then write the board."""
    from samplebench.display import display_for, duration
    from samplebench.pipeline.run import Run
    from samplebench.results.store import Store

    suite, setup, plan = _planned(options)
    _set_aside_damaged(setup, suite)
    todo = plan.of_state("to do", *(() if options.keep_stale else ("stale",)))
    seconds = plan.estimated_seconds(todo)
    if not options.quiet:
        guess = f", about {duration(seconds)}" if todo and seconds else ""
        told = f"{suite.name}: {_counts(plan)}{guess}, on {setup.device}"
        print(told, file=sys.stderr)
    with display_for(options.quiet) as display:
        try:
            tally = Run(plan, setup, display)(keep_stale=options.keep_stale)
        finally:
            if suite.name in Store(options.results).suites():
                _write_boards(options.results, [suite.name])
    _tell(tally, plan, setup, suite)
    if not plan.of_state("to do", "stale", "measured"):
        return 3
    return 1 if tally.failed or tally.incomplete else 0


def plan(options: argparse.Namespace) -> int:
    """Print the grid: what is measured, stale or refused and why, and the time it will take."""
    from tabulate import tabulate

    from samplebench.display import duration

    _, _, plan = _planned(options)
    rows = [
        {
            "dataset": str(planned.cell.dataset),
            "autoencoder": str(planned.cell.autoencoder),
            "sampler": planned.cell.row,
            "seed": planned.cell.seed,
            "state": planned.state,
            "reason": planned.reason,
            "identity": planned.identity,
        }
        for planned in plan.cells
    ]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    shown = [
        [row["reason"] or "" if k == "reason" else row[k] for k in list(row)[:-1]] for row in rows
    ]
    print(tabulate(shown, headers=list(rows[0])[:-1], disable_numparse=True))
    todo = plan.of_state("to do", "stale")
    seconds = plan.estimated_seconds(todo)
    time = f"about {duration(seconds)}" if seconds is not None else "unknown until one is measured"
    print(f"\n{_counts(plan)}. Time to measure: {time if todo else 'none'}.")
    return 0


def list_parts(options: argparse.Namespace) -> int:
    """Print what is installed."""
    from samplebench import catalogue

    kinds = KINDS if options.kind is None else (options.kind,)
    rows = catalogue.rows(_load_parts(options), kinds)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        print(catalogue.as_markdown(rows) if options.markdown else catalogue.as_text(rows))
    return 0


def show(options: argparse.Namespace) -> int:
    """Print the records whose identity begins so, or whose label matches the pattern."""
    from samplebench.results.lookup import as_text, find

    records = find(options.results, options.record)
    if options.json:
        print(json.dumps([record.model_dump() for record in records], indent=1))
    else:
        print("\n\n".join(map(as_text, records)))
    return 0


def check(options: argparse.Namespace) -> int:
    """Run the conformance kit over a file or an installed plugin or part."""
    from samplebench.checks import check_target, render

    outcomes = check_target(options.target, _choice(options), options.data_dir)
    print(render(outcomes))
    failed = any(outcome.status == "failed" for outcome in outcomes)
    return 1 if failed or not any(outcome.status == "passed" for outcome in outcomes) else 0


def leaderboard(options: argparse.Namespace) -> int:
    """Rebuild boards from records, or check that they are what the records say."""
    if options.check:
        return _check_boards(options.results, options.suite)
    for path in _write_boards(options.results, options.suite):
        print(path)
    return 0


def _planned(options: argparse.Namespace) -> "tuple[Suite, Setup, Plan]":
    from samplebench.pipeline.plan import make_plan
    from samplebench.pipeline.setup import Setup, choose_device, usable_cores
    from samplebench.pipeline.suite import load_suite, override
    from samplebench.results.store import Store

    suite = override(
        load_suite(options.suite),
        datasets=options.dataset,
        autoencoders=options.autoencoder,
        samplers=options.sampler,
        features=options.features,
        metrics=options.metric,
        seeds=options.seeds,
    )
    setup = Setup(
        data_dir=options.data_dir.absolute(),
        workspace=options.workspace.absolute(),
        results=options.results.absolute(),
        device=choose_device(options.device),
        threads=usable_cores(),
        plugins=_choice(options),
        checkpoint=options.checkpoint.absolute() if options.checkpoint else None,
    )
    records, damaged = Store(setup.results).read(suite.name)
    for file in damaged:
        print(f"samplebench: {file.path} is damaged ({file.reason})", file=sys.stderr)
    plan = make_plan(
        suite,
        _load_parts(options),
        records,
        data_dir=setup.data_dir,
        checkpoint=setup.checkpoint,
        only=options.only,
        again=getattr(options, "again", False),
    )
    return suite, setup, plan


def _set_aside_damaged(setup: "Setup", suite: "Suite") -> None:
    from samplebench.results.store import Store

    store = Store(setup.results)
    for file in store.read(suite.name)[1]:
        kept = store.quarantine(file)
        print(f"samplebench: it is kept as {kept}, and its cell runs again", file=sys.stderr)


def _counts(plan: "Plan") -> str:
    counts = {
        state: len(plan.of_state(state)) for state in ("to do", "stale", "measured", "refused")
    }
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{len(plan.cells)} cells: {told}"


def _tell(tally: "Tally", plan: "Plan", setup: "Setup", suite: "Suite") -> None:
    from samplebench.results.store import Store

    board = Store(setup.results).board_path(suite.name)
    counts = {"measured": tally.measured, "measured in part": tally.incomplete}
    counts |= {"failed": tally.failed, "refused": tally.refused}
    told = [f"{count} {what}" for what, count in counts.items() if count or what == "measured"]
    print(f"Cells: {', '.join(told)}. Board: {board}")
    if not tally.measured and plan.of_state("measured"):
        before = f"All {len(plan.of_state('measured'))} cells were measured before"
        print(f"{before}; `samplebench run --again` measures them on this machine.")
    for reason, cells in tally.reasons.items():
        print(f"samplebench: {cells} cells without a full record: {reason}", file=sys.stderr)


def _write_boards(results: Path, suites: Sequence[str]) -> list[Path]:
    from samplebench.results.store import write_whole

    made = _make_boards(results, suites)
    for path, text in made.items():
        write_whole(path, text)
    return list(made)


def _check_boards(results: Path, suites: Sequence[str]) -> int:
    made = _make_boards(results, suites)
    differing = [
        path
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in differing:
        print(
            f"samplebench: {path} is not what its records say; `samplebench leaderboard` mends it",
            file=sys.stderr,
        )
    print(f"{len(made) - len(differing)} of {len(made)} boards agree with their records")
    return 1 if differing else 0


def _make_boards(results: Path, suites: Sequence[str]) -> dict[Path, str]:
    from samplebench.results.leaderboard import boards
    from samplebench.results.store import Store

    store = Store(results)
    if unknown := [suite for suite in suites if suite not in store.suites()]:
        known = ", ".join(store.suites()) or "none"
        raise UsageError(f"no records of {unknown[0]!r} are in {results}; there are: {known}")
    made, damaged = boards(store, suites)
    for file in damaged:
        print(f"samplebench: {file.path} is left out: {file.reason}", file=sys.stderr)
    return made


def _choice(options: argparse.Namespace) -> "Choice":
    from samplebench.registry.loading import Choice

    return Choice(
        tuple(str(file.absolute()) for file in options.plugin),
        tuple(options.disable_plugin),
        options.strict_plugins,
    )


def _load_parts(options: argparse.Namespace) -> "Parts":
    from samplebench.registry.loading import load_parts

    parts = load_parts(_choice(options))
    for broken in parts.broken:
        print(f"samplebench: {broken}", file=sys.stderr)
    return parts


COMMANDS = {
    "run": run,
    "plan": plan,
    "list": list_parts,
    "show": show,
    "check": check,
    "leaderboard": leaderboard,
}

if __name__ == "__main__":
    sys.exit(main())
