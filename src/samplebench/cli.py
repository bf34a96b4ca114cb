"""The commands. Each reads its arguments, asks the room that knows, and prints."""

import argparse
import errno
import json
import sys
import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from samplebench.arguments import KINDS, parser
from samplebench.errors import SamplebenchError, StorageError, UsageError
from samplebench.output import open_output
from samplebench.plain_text import continued, shorten
from samplebench.signals import Stopped, exit_code_of, stop_when_asked

if TYPE_CHECKING:
    from samplebench.pipeline.request.plan import Plan
    from samplebench.pipeline.running.outcomes import Outcomes
    from samplebench.pipeline.workspace import Site

_DAMAGED = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. One whose reader goes away finishes its work."""
    try:
        with open_output():
            return _carry_out(arguments)
    except StorageError as error:
        print(f"samplebench: {error}", file=sys.stderr)
        return error.exit_code


def _carry_out(arguments: Sequence[str] | None) -> int:
    options = parser(COMMANDS).parse_args(arguments)
    try:
        with stop_when_asked():
            return int(options.command(options))
    except SamplebenchError as error:
        print(f"samplebench: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        print(f"samplebench: {shorten(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return UsageError.exit_code
    except KeyboardInterrupt as interrupt:
        by = f" by {interrupt.signal.name}" if isinstance(interrupt, Stopped) else ""
        print(f"samplebench: interrupted{by}; what was finished is kept", file=sys.stderr)
        return exit_code_of(interrupt)


def run(options: argparse.Namespace) -> int:
    """Measure what a suite asks for and is not measured yet, then write the board."""
    return _run(options, shows=not options.quiet)


def _run(options: argparse.Namespace, *, shows: bool, all_rows: bool = False) -> int:
    """Carry out a run; show its rows of the board at the end, or all of the board's."""
    _check_grid(options)

    from samplebench.boards import show_board, write_boards
    from samplebench.display import choose_display
    from samplebench.durations import format_duration
    from samplebench.pipeline.running.executors import start_executor
    from samplebench.pipeline.running.run import run
    from samplebench.plan_table import counts
    from samplebench.planning import cluster_of, load_chosen_parts, plan_run
    from samplebench.results.formats.terminal import console_for_output
    from samplebench.results.store import Store

    plan, site = plan_run(options, load_chosen_parts(options))
    name = plan.suite.name
    _set_aside_damaged(site, name)
    todo = plan.of_status("to do", "stale")
    seconds = plan.estimated_seconds(todo)
    if not options.quiet:
        guess = f", about {format_duration(seconds / site.jobs)}" if todo and seconds else ""
        print(f"{name}: {counts(plan)}{guess}, on {site.device}", file=sys.stderr)
    with (
        choose_display(options.quiet) as display,
        start_executor(options.executor, site, cluster_of(options)) as executor,
    ):
        try:
            outcomes = run(plan, site, executor, display, max_failures=options.max_failures)
        finally:
            if name in Store(options.results).suites():
                write_boards(options.results, [name])
    if shows:
        asked = None if all_rows else {planned.identity for planned in plan.cells}
        show_board(options.results, name, console_for_output(), asked=asked)
    _summarise(outcomes, plan, site)
    if not plan.of_status("to do", "stale", "measured", "unverified", "failed"):
        return 3
    failed_before = plan.of_status("failed")
    return 1 if outcomes.failed or outcomes.incomplete or failed_before or plan.faults else 0


def plan(options: argparse.Namespace) -> int:
    """Print the grid: the status of each cell with its reason, and the time to measure."""
    from samplebench import plan_table
    from samplebench.results.formats.text_table import output_width

    _check_grid(options)
    view = plan_table.known_view(options)
    if view is None:
        view = _make_view(options)
    else:
        for warning in view["warnings"]:
            print(f"samplebench: {warning}", file=sys.stderr)
    if options.json:
        print(json.dumps(view["rows"], indent=1))
    else:
        print(plan_table.as_text(view, width=output_width(), whole=options.all))
    return 0


def score(options: argparse.Namespace) -> int:
    """Measure samples that exist: a folder of images or a file, next to a dataset's own."""
    from samplebench import mistakes

    mistakes.find_in_scoring(options)

    from samplebench import scoring

    shown_alone = not options.against
    asked = scoring.as_run(options, COMMANDS)
    code = _run(asked, shows=shown_alone and not options.quiet, all_rows=True)
    if not shown_alone and not options.quiet:
        scoring.show_against(options)
    return code


def verify(options: argparse.Namespace) -> int:
    """Measure some cells again, and say if their scores come out the same with today's code."""
    from samplebench import mistakes

    mistakes.find_in_verification(options)

    from samplebench import verifying

    return verifying.verify(options)


def train(options: argparse.Namespace) -> int:
    """Train one autoencoder as a run would, and write a checkpoint: weights and what they are."""
    from samplebench import mistakes

    mistakes.find_in_training(options)

    from samplebench.display import choose_display
    from samplebench.pipeline.exchange.checkpoint_folder import require_replaceable
    from samplebench.pipeline.exchange.train import train_checkpoint, training_suite
    from samplebench.pipeline.running.executors import start_executor
    from samplebench.planning import load_chosen_parts, site_of

    suite = training_suite(
        options.suite,
        dataset=options.dataset,
        autoencoder=options.autoencoder,
        seed=options.seed,
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
    )
    parts = load_chosen_parts(options)
    site = site_of(options, options.output, parts)
    if require_replaceable(options.output):
        notice = f"the checkpoint in {options.output} will be replaced when this one is trained"
        print(f"samplebench: {notice}", file=sys.stderr)
    with choose_display(options.quiet) as display, start_executor("forked", site) as executor:
        training = train_checkpoint(suite, parts, site, executor, display).training
    error = f"reconstruction MSE {training.error:.4g} on {training.held_out:,} held-out images"
    print(f"{options.autoencoder} on {options.dataset}, seed {options.seed}: {error}")
    print(f"Checkpoint: {options.output}, for `samplebench run --checkpoint {options.output}`")
    return 0


def push(options: argparse.Namespace) -> int:
    """Upload a checkpoint to the Hugging Face hub, with a model card, and its scores if asked."""
    from samplebench.pipeline.exchange.eval_results import EvalResults
    from samplebench.pipeline.exchange.hub import upload

    if options.source and not options.benchmark:
        raise UsageError("--source is where scores can be read; name their --benchmark too")
    scores = None
    if options.benchmark:
        scores = EvalResults(options.results, options.benchmark, options.source)
    print(upload(options.folder, options.repository, private=options.private, scores=scores))
    return 0


def fetch(options: argparse.Namespace) -> int:
    """Download the files of datasets and features, verify them, and say where they lie."""
    from samplebench import fetching
    from samplebench.planning import data_dir_of, load_chosen_parts

    parts = load_chosen_parts(options)
    for line in fetching.fetch(options.names, parts, data_dir_of(options)):
        print(line)
    return 0


def list_parts(options: argparse.Namespace) -> int:
    """Print what is installed."""
    from samplebench import catalogue
    from samplebench.results.formats.text_table import output_width

    if options.markdown and options.kind in ("suites", "plugins"):
        raise UsageError(f"--markdown is a table of parts; list {options.kind} without it")
    kinds = KINDS if options.kind is None else (options.kind,)
    rows = catalogue.select(_list_installed(options), kinds)
    if options.json:
        print(json.dumps(rows, indent=1))
    elif options.markdown:
        print(catalogue.as_markdown(rows))
    else:
        print(catalogue.as_text(rows, output_width()))
    return 0


def show(options: argparse.Namespace) -> int:
    """Print the records whose identity begins so, or whose label matches the pattern."""
    from samplebench.results.formats.text_table import output_width
    from samplebench.results.lookup import as_text, find

    records = find(options.results, options.record)
    if options.json:
        print(json.dumps([record.to_data() for record in records], indent=1))
    else:
        print("\n\n".join(as_text(record, output_width()) for record in records))
    return 0


def check(options: argparse.Namespace) -> int:
    """Run the conformance kit over a file or an installed plugin or part."""
    from samplebench.catalogue import plugin_choice
    from samplebench.checks import check_target, render
    from samplebench.planning import data_dir_of

    choice, data_dir = plugin_choice(options), data_dir_of(options)
    outcomes = check_target(options.target, choice, data_dir, dataset=options.dataset)
    print(render(outcomes))
    failed = any(outcome.status == "failed" for outcome in outcomes)
    return 1 if failed or not any(outcome.status == "passed" for outcome in outcomes) else 0


def leaderboard(options: argparse.Namespace) -> int:
    """Rebuild boards from records, check that they are what the records say, or print tables."""
    from samplebench.boards import check_boards, report_unreadable, show_board, write_boards
    from samplebench.printing import print_tables, refuse_choice_without_format
    from samplebench.results.formats.terminal import console_for_output
    from samplebench.results.store import Store

    if not options.format:
        refuse_choice_without_format(options)
    read = cache(Store(options.results).read)
    is_damaged = report_unreadable(options.results, options.suite, read)
    if options.format:
        code = 0
        print_tables(options, read)
    elif options.check:
        code = check_boards(options.results, options.suite, read)
    else:
        code = 0
        for path in write_boards(options.results, options.suite, read):
            show_board(options.results, path.stem, console_for_output(), read=read)
    return _DAMAGED if is_damaged else code


def site(options: argparse.Namespace) -> int:
    """Write boards as a static site: a page for each, an index, and the records behind them."""
    from samplebench import catalogue
    from samplebench.boards import report_unreadable
    from samplebench.citing.bibliography import read_bibliography
    from samplebench.citing.parts import index_rows
    from samplebench.results.store import Store
    from samplebench.site import Knowledge, write_site

    read = cache(Store(options.results).read)
    is_damaged = report_unreadable(options.results, options.suite, read)
    knowledge = Knowledge(
        index_rows(_list_installed(options)), read_bibliography(catalogue.plugin_choice(options))
    )
    for path in write_site(options.results, options.folder, options.suite, knowledge, read):
        print(path)
    return _DAMAGED if is_damaged else 0


def forget(options: argparse.Namespace) -> int:
    """Set aside the records whose label matches, with their pictures, and write the board anew."""
    from samplebench.boards import remove_empty_board, write_boards
    from samplebench.results.lookup import find_labels
    from samplebench.results.store import Store

    store = Store(options.results)
    records = find_labels(options.results, options.suite, options.pattern)
    for record in records:
        print(record.label)
        if not options.dry_run:
            store.forget(record)
    counted = "1 record" if len(records) == 1 else f"{len(records)} records"
    if options.dry_run:
        print(f"{counted} would be set aside; nothing was changed.")
        return 0
    for suite in dict.fromkeys(record.suite for record in records):
        write_boards(options.results, [suite])
        remove_empty_board(options.results, suite)
    print(f"{counted} set aside under {options.results / 'superseded'}.")
    return 0


def merge(options: argparse.Namespace) -> int:
    """Join the results of several machines: records, pictures, suites; write the boards anew."""
    from samplebench.submission.merge import merge
    from samplebench.submission.words import describe_merge

    merged = merge(options.sources, options.results)
    for line in [*merged.differing, *map(str, merged.left_out)]:
        print(f"samplebench: {line}", file=sys.stderr)
    print(describe_merge(merged, options.results))
    if merged.left_out:
        return _DAMAGED
    return 1 if merged.differing else 0


def export(options: argparse.Namespace) -> int:
    """Bundle a board with records, pictures, suite and digests, to send it to others."""
    from samplebench.submission.export import export

    findings = export(options.results, options.suite, options.output)
    for finding in findings:
        print(f"samplebench: {finding}", file=sys.stderr)
    print(f"Bundle: {options.output}, for `samplebench validate {options.output}`")
    return 1 if findings else 0


def validate(options: argparse.Namespace) -> int:
    """Check a bundle or a results folder: schema, digests, boards, doubtful scores."""
    from samplebench.submission.validate import validate
    from samplebench.submission.words import describe_findings

    findings = validate(options.path)
    if options.json:
        print(json.dumps([finding.as_row() for finding in findings], indent=1))
    else:
        print(describe_findings(findings, options.path))
    return 1 if findings else 0


def doctor(options: argparse.Namespace) -> int:
    """Say what this machine can do, what is missing, and what to type next."""
    from samplebench.doctor.examination import examine
    from samplebench.doctor.words import as_rows, as_text
    from samplebench.results.formats.text_table import output_width

    answers = examine(options)
    if options.json:
        print(json.dumps(as_rows(answers), indent=1))
    else:
        print(as_text(answers, output_width()))
    return 1 if any(answer.status == "problem" for answer in answers) else 0


def compare(options: argparse.Namespace) -> int:
    """Print by how much two rows of a board differ, in pairs of equal seeds, with intervals."""
    from samplebench.boards import read_rankings
    from samplebench.results import comparison
    from samplebench.results.formats import markdown, terminal

    rows = (options.one, options.other)
    rankings = read_rankings(options.results, options.suite)
    differences = comparison.compare(rankings, *rows, options.score)
    table = comparison.as_table(differences, *rows)
    if options.json:
        print(json.dumps(comparison.as_rows(differences), indent=1))
    elif options.markdown:
        print(markdown.render([table]), end="")
    else:
        terminal.show([table], terminal.console_for_output())
    return 0


def cite(options: argparse.Namespace) -> int:
    """Print what a paper needs to cite a board: the table, sentences on its set-up, and BibTeX."""
    from samplebench import catalogue
    from samplebench.boards import report_unreadable
    from samplebench.citing.bibliography import read_bibliography
    from samplebench.citing.cite import cite_board
    from samplebench.citing.parts import index_rows
    from samplebench.results.selection import Selection

    is_damaged = report_unreadable(options.results, [options.board])
    citation = cite_board(
        options.results,
        options.board,
        Selection(rows=options.rows, columns=options.columns),
        installed=index_rows(_list_installed(options)),
        bibliography=read_bibliography(catalogue.plugin_choice(options)),
    )
    print(vars(citation)[options.part] if options.part else citation, end="")
    return _DAMAGED if is_damaged else 0


def plot(options: argparse.Namespace) -> int:
    """Draw a plot of a board, and say where it lies: SVG, PNG or PDF."""
    from samplebench import plotting

    for path in plotting.plot(options):
        print(path)
    return 0


def completion(options: argparse.Namespace) -> int:
    """Print what completes commands and options in a shell, for its start-up file."""
    try:
        import shtab
    except ImportError as error:
        raise UsageError(
            "completion needs the package shtab; install it with `pip install 'samplebench"
            "[completion]'`, or in a checkout `pip install '.[completion]'`"
        ) from error
    print(shtab.complete(parser(COMMANDS), options.shell))
    return 0


def _list_installed(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of all installed parts: as they are known, or else from the parts themselves."""
    from samplebench import catalogue

    known = catalogue.known_rows(catalogue.plugin_choice(options))
    if known is None:
        from samplebench.planning import load_chosen_parts

        known = catalogue.part_rows(load_chosen_parts(options))
    return known


def _check_grid(options: argparse.Namespace) -> None:
    """Find mistakes in what `run` or `plan` is asked for; latents that exist become specs."""
    from samplebench import mistakes

    if options.latents or options.held_out or options.layout or options.codes:
        from samplebench.given_latents import name_given_latents

        name_given_latents(options)
    mistakes.find_in_grid(options)


def _make_view(options: argparse.Namespace) -> dict[str, Any]:
    """Plan by asking the parts, which takes the import of torch, and keep the answer."""
    from samplebench import plan_table

    since = time.time_ns()

    from samplebench.planning import load_chosen_parts, plan_run

    parts = load_chosen_parts(options)
    plan, _ = plan_run(options, parts)
    view = plan_table.view(plan)
    plan_table.keep_view(options, view, parts, plan, since)
    return view


def _set_aside_damaged(site: "Site", suite: str) -> None:
    from samplebench.results.store import Store

    store = Store(site.results)
    for file in store.read(suite)[1]:
        kept = store.quarantine(file)
        print(f"samplebench: it is kept as {kept}, and its cell runs again", file=sys.stderr)


def _summarise(outcomes: "Outcomes", plan: "Plan", site: "Site") -> None:
    from samplebench.results.store import Store

    board = Store(site.results).board_path(plan.suite.name)
    counts = {"measured": outcomes.measured, "measured in part": outcomes.incomplete}
    counts |= {"failed": outcomes.failed, "refused": outcomes.refused}
    counted = [f"{count} {what}" for what, count in counts.items() if count or what == "measured"]
    print(f"Cells: {', '.join(counted)}. Board: {board}")
    before = len(plan.of_status("measured", "unverified"))
    if not outcomes.measured and before:
        print(
            f"All {before} cells were measured before; "
            "`samplebench run --again` measures them on this machine."
        )
    if unverified := len(plan.of_status("unverified")):
        print(
            f"{unverified} of them with code or versions that changed since; "
            "`samplebench verify` says if their scores still hold."
        )
    if failed := len(plan.of_status("failed")):
        print(
            f"{failed} reached a limit before and {'was' if failed == 1 else 'were'} not tried "
            "again; `samplebench plan` says why, `samplebench run --retry all` tries them."
        )
    if outcomes.left:
        print(
            f"Stopped at {outcomes.failed} failed; {outcomes.left} of the cells are still to do."
        )
    for reason, (first, *more) in outcomes.reasons.items():
        cells = f"{first} and {len(more)} more have" if more else f"{first} has"
        print(f"samplebench: {cells} no full record: {continued(reason)}", file=sys.stderr)


COMMANDS = {
    "run": run,
    "plan": plan,
    "score": score,
    "verify": verify,
    "train": train,
    "push": push,
    "fetch": fetch,
    "list": list_parts,
    "show": show,
    "check": check,
    "leaderboard": leaderboard,
    "site": site,
    "compare": compare,
    "cite": cite,
    "plot": plot,
    "forget": forget,
    "merge": merge,
    "export": export,
    "validate": validate,
    "doctor": doctor,
    "completion": completion,
}

if __name__ == "__main__":
    sys.exit(main())
