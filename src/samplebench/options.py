"""Options that several commands share."""

import argparse
import re
from pathlib import Path

from samplebench.limits import parse_duration, parse_size
from samplebench.results.formats.choice import FORMATS


def integer(text: str) -> int:
    """Read an integer of a length that anything here may have."""
    if not re.fullmatch(r"[-+]?\d{1,12}", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number")
    return int(text)


def add_only(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="dataset/autoencoder/sampler/seed N, with * and ?; repeatable",
    )


def add_jobs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--jobs",
        type=integer,
        default=1,
        metavar="N",
        help="stages at once, which share the threads",
    )


def add_limits(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--timeout",
        type=parse_duration,
        metavar="TIME",
        help="that a training or a cell may take: 90s, 30m, 2h; then it is killed, and fails",
    )
    command.add_argument(
        "--memory",
        type=parse_size,
        metavar="SIZE",
        help="of the host that a training or a cell may hold: 800M, 8G",
    )


def add_quiet(command: argparse._ActionsContainer) -> None:
    command.add_argument("--quiet", action="store_true", help="show no progress")


def add_device(command: argparse._ActionsContainer) -> None:
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")


def add_workspace(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="cache of trained models (default: samplebench in XDG_CACHE_HOME or ~/.cache)",
    )


def add_data_dir(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where datasets lie (default: samplebench/data in XDG_CACHE_HOME or ~/.cache)",
    )


def add_results(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--results", type=Path, default=Path("leaderboards"), metavar="DIR", help="records, boards"
    )


def add_plugins(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--plugin", type=Path, action="append", default=[], metavar="FILE.py", help="load a file"
    )
    command.add_argument(
        "--disable-plugin", action="append", default=[], metavar="NAME", help="do not load it"
    )
    command.add_argument(
        "--strict-plugins", action="store_true", help="a broken plugin is an error"
    )


def add_json(command: argparse._ActionsContainer) -> None:
    command.add_argument("--json", action="store_true", help="a list of objects")


def add_excerpt(command: argparse.ArgumentParser) -> None:
    """Options for tables of boards that are printed: their format, rows and columns."""
    printed = command.add_argument_group("tables to take along, in place of the boards' pages")
    printed.add_argument("--format", choices=FORMATS, help="print the tables in this format")
    for option, metavar, what in (
        ("columns", "TITLE", "scores, in this order: 'FD*'"),
        ("autoencoder", "NAME", "rows of these: 'vae*'"),
        ("sampler", "NAME", "rows of these: 'gmm*', reconstruction, 'real data'"),
    ):
        printed.add_argument(
            f"--{option}",
            action="append",
            default=[],
            metavar=metavar,
            help=f"only {what}, with * and ?; repeatable",
        )
    printed.add_argument("--transpose", action="store_true", help="a row for each score")
    printed.add_argument("--output", type=Path, metavar="FILE", help="write to it, not to print")
