"""The commands. Each reads its arguments, asks the room that knows, and prints."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from samplebench.arguments import KINDS, parser
from samplebench.errors import SamplebenchError

if TYPE_CHECKING:
    from samplebench.pipeline.plan import Plan
    from samplebench.pipeline.run import Tally
    from samplebench.pipeline.setup import Setup
    from samplebench.pipeline.suite import Suite

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
        print("samplebench: interrupted; what was finished is kept", file=sys.stderr)
        return _INTERRUPTED


def run(options: argparse.Namespace) -> int:
    """Measure what a suite asks for and is not measured yet, then write the board."""
    from samplebench.boards import write_boards
    from samplebench.display import display_for, duration
    from samplebench.pipeline.run import Run
    from samplebench.plan_table import counts
    from samplebench.planning import planned
    from samplebench.results.store import Store

    suite, setup, plan = planned(options)
    _set_aside_damaged(setup, suite)
    todo = plan.of_state("to do", *(() if options.keep_stale else ("stale",)))
    seconds = plan.estimated_seconds(todo)
    if not options.quiet:
        guess = f", about {duration(seconds)}" if todo and seconds else ""
        told = f"{suite.name}: {counts(plan)}{guess}, on {setup.device}"
        print(told, file=sys.stderr)
    with display_for(options.quiet) as display:
        try:
            tally = Run(plan, setup, display)(keep_stale=options.keep_stale)
        finally:
            if suite.name in Store(options.results).suites():
                write_boards(options.results, [suite.name])
    _tell(tally, plan, setup, suite)
    if not plan.of_state("to do", "stale", "measured"):
        return 3
    return 1 if tally.failed or tally.incomplete else 0


def plan(options: argparse.Namespace) -> int:
    """Print the grid: what is measured, stale or refused and why, and the time it will take."""
    from samplebench import plan_table
    from samplebench.planning import planned

    _, _, plan = planned(options)
    told = (
        json.dumps(plan_table.rows(plan), indent=1) if options.json else plan_table.as_text(plan)
    )
    print(told)
    return 0


def train(options: argparse.Namespace) -> int:
    """Train one autoencoder as a run would, and write a checkpoint: weights and what they are."""
    from samplebench.display import display_for
    from samplebench.pipeline.checkpoint_folder import require_replaceable
    from samplebench.pipeline.train import train_checkpoint, training_suite
    from samplebench.planning import load_chosen, setup_of

    suite = training_suite(
        options.suite,
        options.dataset,
        options.autoencoder,
        options.seed,
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
    )
    parts, setup = load_chosen(options), setup_of(options, options.output)
    if require_replaceable(options.output):
        told = f"the checkpoint in {options.output} will be replaced when this one is trained"
        print(f"samplebench: {told}", file=sys.stderr)
    with display_for(options.quiet) as display:
        training = train_checkpoint(suite, parts, setup, display).training
    error = f"reconstruction MSE {training.error:.4g} on {training.held_out:,} held-out images"
    print(f"{options.autoencoder} on {options.dataset}, seed {options.seed}: {error}")
    print(f"Checkpoint: {options.output}, for `samplebench run --checkpoint {options.output}`")
    return 0


def push(options: argparse.Namespace) -> int:
    """Upload a checkpoint to the Hugging Face hub, with a model card made from its record."""
    from samplebench.pipeline.hub import upload

    print(upload(options.folder, options.repository, private=options.private))
    return 0


def list_parts(options: argparse.Namespace) -> int:
    """Print what is installed."""
    from samplebench import catalogue
    from samplebench.planning import load_chosen

    kinds = KINDS if options.kind is None else (options.kind,)
    rows = catalogue.rows(load_chosen(options), kinds)
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
    from samplebench.planning import choice

    outcomes = check_target(options.target, choice(options), options.data_dir)
    print(render(outcomes))
    failed = any(outcome.status == "failed" for outcome in outcomes)
    return 1 if failed or not any(outcome.status == "passed" for outcome in outcomes) else 0


def leaderboard(options: argparse.Namespace) -> int:
    """Rebuild boards from records, or check that they are what the records say."""
    from samplebench.boards import check_boards, write_boards

    if options.check:
        return check_boards(options.results, options.suite)
    for path in write_boards(options.results, options.suite):
        print(path)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print by how much two rows of a board differ, in pairs of equal seeds, with intervals."""
    from samplebench.boards import tables_of
    from samplebench.results import comparison

    rows = (options.one, options.other)
    found = comparison.compare(tables_of(options.results, options.suite), *rows, options.figure)
    if options.json:
        print(json.dumps(comparison.as_rows(found), indent=1))
    else:
        print(comparison.as_table(found, *rows, markdown=options.markdown))
    return 0


def _set_aside_damaged(setup: "Setup", suite: "Suite") -> None:
    from samplebench.results.store import Store

    store = Store(setup.results)
    for file in store.read(suite.name)[1]:
        kept = store.quarantine(file)
        print(f"samplebench: it is kept as {kept}, and its cell runs again", file=sys.stderr)


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
    for reason, (first, *more) in tally.reasons.items():
        cells = f"{first} and {len(more)} more have" if more else f"{first} has"
        print(f"samplebench: {cells} no full record: {reason}", file=sys.stderr)


COMMANDS = {
    "run": run,
    "plan": plan,
    "train": train,
    "push": push,
    "list": list_parts,
    "show": show,
    "check": check,
    "leaderboard": leaderboard,
    "compare": compare,
}

if __name__ == "__main__":
    sys.exit(main())
