"""The command line as it is typed: commands, their options, and what the options mean."""

import argparse
import difflib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from samplebench import __version__, options
from samplebench.options import integer
from samplebench.vocabulary import Retry

KINDS = ("datasets", "autoencoders", "samplers", "features", "metrics", "suites", "plugins")
"""What can be listed."""

PLOTS = ("scores", "copying", "cost", "sweep", "rate", "latents")
"""The kinds of plots of a board."""

EXIT_CODES: Final = {
    0: "all done",
    1: "a cell, a check, a board or the hub failed",
    2: "usage, or data or weights that are missing or do not fit",
    3: "nothing to run",
    5: "a damaged record, or output or storage that could not be written, or a lost cluster",
    129: "stopped by SIGHUP",
    130: "interrupted",
    143: "stopped by SIGTERM",
}
"""The meaning of each exit code."""

_EXAMPLE: Final = "Example: "

_EXAMPLES: Final = {
    "run": "--suite mnist --only '*/vae*' --seeds 0-4 --results mine",
    "plan": "--suite mnist --sampler 'gmm(components=[10, 20])'",
    "score": "generated/ --dataset mnist --name ours",
    "verify": "digits --only '*/vae*/gmm*/seed 0'",
    "train": "--suite digits --dataset digits --autoencoder 'vae(latent=4)' --output vae4",
    "push": "vae4 owner/name",
    "fetch": "inception mnist",
    "list": "samplers",
    "show": "'digits/vae*/gmm*/seed 0'",
    "check": "my_sampler.py",
    "leaderboard": "digits",
    "site": "public --results leaderboards",
    "compare": "'pmfs(bins=10)' 'gmm(components=10)'",
    "cite": "mnist 'vae*/gmm*' 'vae*/pmfs*' --part bibtex > references.bib",
    "plot": "digits copying --output copying.png",
    "forget": "'digits/*/gmm*/*' --results mine --dry-run",
    "merge": "theirs/ bundle.zip --results mine",
    "export": "digits --output digits.zip --results mine",
    "validate": "digits.zip",
    "doctor": "--results mine --data-dir DIR",
    "completion": "bash >> ~/.bashrc",
}
"""One example for each command."""

DEFAULT_SUITE: Final = "digits"

Command = Callable[[argparse.Namespace], int]
"""Carries out what was typed; its exit code."""


class _Once(argparse.Action):
    """An option that is given once: a second value would silently take the first one's place."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{option_string} is given twice; run once for each, into one --results")
        setattr(namespace, self.dest, values)


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Options with their defaults, where they have any, and an example on a line of its own."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        without = action.default is None or action.default is False or action.default == []
        if without or action.default == "" or "(default:" in str(action.help):
            return action.help
        return super()._get_help_string(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(_EXAMPLE) else super()._fill_text(text, width, indent)


class _Command(argparse.ArgumentParser):
    """A command that reports what it does not know with its own usage."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flags = [flag for action in self._actions for flag in action.option_strings]
            close = difflib.get_close_matches(unknown[0].partition("=")[0], flags, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return known, unknown


def parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser of the whole command line; each command's help is its function's docstring."""
    whole = argparse.ArgumentParser(
        prog="samplebench",
        description="Benchmark autoencoders and samplers of their latent spaces.",
        epilog=f"Exit codes: {', '.join(f'{code} {what}' for code, what in EXIT_CODES.items())}.",
    )
    whole.add_argument("--version", action="version", version=f"samplebench {__version__}")
    names = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=_Command)

    for name, add_options in _OPTIONS.items():
        add_options(_command(names, name, commands))
    return whole


def _command(names: Any, name: str, commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    text = inspect.getdoc(commands[name])
    command: argparse.ArgumentParser = names.add_parser(
        name,
        help=text,
        description=text,
        epilog=f"{_EXAMPLE}samplebench {name} {_EXAMPLES[name]}",
        formatter_class=_Help,
    )
    command.set_defaults(command=commands[name])
    return command


def _run_options(command: argparse.ArgumentParser) -> None:
    _grid_options(command)
    options.add_quiet(command)
    command.add_argument("--again", action="store_true", help="measure measured cells again")
    options.add_jobs(command, usual="1, or one for each GPU")
    options.add_limits(command)
    command.add_argument(
        "--retry",
        choices=get_args(Retry),
        default="failed",
        help="cells that failed: those not at a limit; at the time limit too; or all of them",
    )
    stop = command.add_mutually_exclusive_group()
    stop.add_argument(
        "--max-failures",
        type=integer,
        metavar="N",
        help="stop when N cells have failed",
    )
    stop.add_argument(
        "--fail-fast", action="store_const", const=1, dest="max_failures", help="stop at the first"
    )
    options.add_executor(command)


def _plan_options(command: argparse.ArgumentParser) -> None:
    _grid_options(command)
    command.add_argument(
        "--all", action="store_true", help="list every cell, however many there are"
    )
    options.add_json(command)


def _verify_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "suite", nargs="?", default="digits", help="a bundled suite or a TOML file"
    )
    options.add_only(command)
    chosen = command.add_mutually_exclusive_group()
    chosen.add_argument("--sample", type=integer, metavar="N", help="replay N cells at random")
    chosen.add_argument("--all", action="store_true", help="replay every measured cell")
    command.add_argument(
        "--since",
        metavar="COMMIT",
        help="compare with that commit's code on this machine, in place of the records",
    )
    options.add_quiet(command)
    options.add_jobs(command)
    options.add_device(command)
    options.add_workspace(command)
    options.add_data_dir(command)
    options.add_results(command)
    options.add_plugins(command)


def _train_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dataset", required=True, metavar="SPEC", help="what to learn")
    command.add_argument("--autoencoder", required=True, metavar="SPEC", help="what is to learn")
    command.add_argument("--seed", type=integer, default=0, help="of all that is drawn")
    command.add_argument("--suite", help="train as this suite does: bundled, or a TOML file")
    command.add_argument("--epochs", type=integer, metavar="N", help="in place of the suite's")
    command.add_argument("--batch", type=integer, metavar="N", help="images a step")
    command.add_argument("--learning-rate", type=float, metavar="X", help="at every step")
    command.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder of the checkpoint"
    )
    options.add_quiet(command)
    options.add_limits(command)
    options.add_device(command)
    options.add_workspace(command)
    options.add_data_dir(command)
    options.add_plugins(command)


def _push_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, help="a checkpoint that `train` wrote")
    command.add_argument("repository", metavar="owner/name", help="where it goes")
    command.add_argument("--private", action="store_true", help="if it has to be made for it")
    command.add_argument(
        "--benchmark",
        metavar="owner/name",
        help="push its scores too, as results of this dataset of the hub, a benchmark",
    )
    command.add_argument("--source", metavar="URL", help="where these scores can be read")
    options.add_results(command)


def _fetch_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "names", nargs="+", metavar="SPEC", help="datasets and features: mnist, inception"
    )
    options.add_data_dir(command)
    options.add_plugins(command)


def _list_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "kind", nargs="?", type=_plural, choices=KINDS, help="all of them when left out"
    )
    _form_options(command)
    options.add_plugins(command)


def _show_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "record", help="the start of an identity, a record's file, or a pattern: '*/vae*/gmm*/*0'"
    )
    options.add_results(command)
    options.add_json(command)


def _check_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", help="a Python file, an installed plugin, or a part")
    command.add_argument(
        "--dataset",
        metavar="SPEC",
        help="check autoencoders and features on samples of its shape alone",
    )
    options.add_data_dir(command)
    options.add_plugins(command)


def _leaderboard_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("suite", nargs="*", help="all that have records when left out")
    command.add_argument("--check", action="store_true", help="write nothing; fail if one differs")
    options.add_excerpt(command)
    options.add_results(command)


def _site_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR", help="the folder of the site")
    command.add_argument("suite", nargs="*", help="all that have records when left out")
    options.add_results(command)
    options.add_plugins(command)


def _compare_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("one", help="a row as the board names it: 'pmfs(bins=10)'")
    command.add_argument("other", help="what is taken from it: 'gmm(components=10)'")
    command.add_argument("--suite", default="digits", help="whose board")
    command.add_argument(
        "--score",
        action="append",
        default=[],
        metavar="TITLE",
        help="a column, in place of all of images and latents; repeatable: 'FD[classifier]'",
    )
    _form_options(command)
    options.add_results(command)


def _cite_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("board", help="the suite whose board it is")
    command.add_argument(
        "rows", nargs="*", help="samplers, or autoencoder/sampler, with * and ?: 'vae*/gmm*'"
    )
    command.add_argument(
        "--part",
        choices=("table", "setup", "bibtex", "records"),
        help="print this alone; records are the digests and files of what the table shows",
    )
    command.add_argument(
        "--columns",
        action="append",
        default=[],
        metavar="TITLE",
        help="only scores, in this order: 'FD*', with * and ?; repeatable",
    )
    options.add_results(command)
    options.add_plugins(command)


def _plot_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("suite", metavar="BOARD", help="whose records are plotted")
    command.add_argument("kind", metavar="KIND", choices=PLOTS, help=", ".join(PLOTS))
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="ends with .svg, .png or .pdf (default: BOARD-KIND.svg)",
    )
    chosen = "; a name or a pattern with * and ?; repeatable"
    for option, metavar, what in (
        ("columns", "TITLE", "scores in place of the usual ones"),
        ("autoencoder", "SPEC", "rows of these alone"),
        ("sampler", "SPEC", "rows of these alone"),
    ):
        command.add_argument(
            f"--{option}", action="append", default=[], metavar=metavar, help=what + chosen
        )
    latents = command.add_argument_group("of latents, which are made again from the suite")
    latents.add_argument("--seed", type=integer, metavar="N", help="in place of the suite's first")
    options.add_quiet(latents)
    options.add_device(latents)
    options.add_workspace(latents)
    options.add_data_dir(latents)
    options.add_plugins(latents)
    options.add_results(command)


def _forget_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("pattern", help="of labels, with * and ?: 'digits/vae*/gmm*/seed 0'")
    command.add_argument("--suite", metavar="NAME", help="in this suite's records alone")
    command.add_argument("--dry-run", action="store_true", help="only print what it would remove")
    options.add_results(command)


def _merge_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "sources", nargs="+", type=Path, metavar="FOLDER", help="results, or bundles of `export`"
    )
    options.add_results(command)


def _export_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("suite", help="whose records lie among the results")
    command.add_argument(
        "--output", type=Path, required=True, metavar="PLACE", help="a file *.zip, or a folder"
    )
    options.add_results(command)


def _validate_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", type=Path, help="a bundle of `export`, or a results folder")
    options.add_json(command)


def _doctor_options(command: argparse.ArgumentParser) -> None:
    options.add_json(command)
    options.add_workspace(command)
    options.add_data_dir(command)
    options.add_results(command)
    options.add_plugins(command)


def _completion_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell to complete in")


def _form_options(command: argparse.ArgumentParser) -> None:
    form = command.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as a table for documents")
    options.add_json(form)


def _latents_options(command: argparse.ArgumentParser) -> None:
    given = command.add_argument_group("latents that exist, in place of dataset and autoencoder")
    given.add_argument(
        "--latents",
        metavar="FILE",
        help="those to fit samplers to: .npy, .npz, .safetensors, .csv",
    )
    given.add_argument("--held-out", metavar="FILE", help="those to compare draws with")
    given.add_argument(
        "--layout", choices=("channels-first", "channels-last"), help="of maps (samples, …)"
    )
    given.add_argument(
        "--codes",
        type=integer,
        metavar="K",
        help="the size of the codebook, where they are integers",
    )


def _score_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "path", help="a folder of images, or a file .npy, .npz, .safetensors, .csv, .parquet"
    )
    command.add_argument(
        "--dataset", action=_Once, metavar="SPEC", help="what they should be like"
    )
    command.add_argument("--name", default="", help="of the row in the board: 'ours'")
    command.add_argument(
        "--against", metavar="SUITE", help="measure as this suite does, and show its rows too"
    )
    command.add_argument(
        "--boards",
        type=Path,
        default=Path("leaderboards"),
        metavar="DIR",
        help="the results with the rows of --against",
    )
    for part in ("features", "metric"):
        command.add_argument(
            f"--{part}", action="append", metavar="SPEC", help="in place of the usual; repeatable"
        )
    options.add_quiet(command)
    command.add_argument("--again", action="store_true", help="measure it again")
    options.add_device(command)
    options.add_workspace(command)
    options.add_data_dir(command)
    command.add_argument(
        "--results", type=Path, default=Path("scores"), metavar="DIR", help="records, boards"
    )
    options.add_plugins(command)


def _plural(kind: str) -> str:
    """The kind that is meant: ``sampler`` is ``samplers``."""
    return f"{kind}s" if f"{kind}s" in KINDS else kind


def _grid_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--suite", default=DEFAULT_SUITE, help="a bundled suite or a TOML file")
    for part in ("dataset", "autoencoder", "sampler", "features", "metric"):
        command.add_argument(
            f"--{part}",
            action="append",
            metavar="SPEC",
            help="in place of the suite's; repeatable",
        )
    command.add_argument("--seeds", metavar="0-4", help="in place of the suite's: 0-4 or 0,2,5")
    command.add_argument(
        "--generated",
        type=integer,
        metavar="N",
        help="latents to draw, in place of the suite's",
    )
    options.add_only(command)
    _latents_options(command)
    command.add_argument(
        "--checkpoint",
        action=_Once,
        metavar="PLACE",
        help="load this in place of training: a folder that `train` wrote, hf://owner/name, "
        "or the weights alone: *.safetensors, *.pt, *.pth, *.ckpt",
    )
    options.add_device(command)
    options.add_workspace(command)
    options.add_data_dir(command)
    options.add_results(command)
    options.add_plugins(command)


_OPTIONS = {
    "run": _run_options,
    "plan": _plan_options,
    "score": _score_options,
    "verify": _verify_options,
    "train": _train_options,
    "push": _push_options,
    "fetch": _fetch_options,
    "list": _list_options,
    "show": _show_options,
    "check": _check_options,
    "leaderboard": _leaderboard_options,
    "site": _site_options,
    "compare": _compare_options,
    "cite": _cite_options,
    "plot": _plot_options,
    "forget": _forget_options,
    "merge": _merge_options,
    "export": _export_options,
    "validate": _validate_options,
    "doctor": _doctor_options,
    "completion": _completion_options,
}
"""The options of each command, in the order in which the help lists them."""
