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


def numbers(text: str) -> tuple[int, ...]:
    """Read ``0,1`` or ``3``: different numbers from 0."""
    if not re.fullmatch(r"\d{1,4}(,\d{1,4})*", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no list of numbers; write 0 or 0,1")
    found = tuple(int(number) for number in text.split(","))
    if len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} names one twice")
    return found


def add_only(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="dataset/autoencoder/sampler/seed N, with * and ?; repeatable",
    )


def add_jobs(command: argparse.ArgumentParser, usual: str = "1") -> None:
    command.add_argument(
        "--jobs",
        type=integer,
        metavar="N",
        help=f"stages at once, which share the threads (default: {usual})",
    )


def add_executor(command: argparse.ArgumentParser) -> None:
    """Options of where stages are carried out."""
    command.add_argument(
        "--gpus",
        type=numbers,
        metavar="0,1",
        help="share these GPUs of this machine out, one for each stage",
    )
    command.add_argument(
        "--executor",
        default="forked",
        metavar="NAME",
        help="forked: each stage in a process of its own; inline: all in this one, to debug; "
        "dask: on the workers of a cluster",
    )
    command.add_argument(
        "--dask-address", metavar="ADDRESS", help="address of a running scheduler: tcp://host:8786"
    )
    command.add_argument(
        "--dask-config",
        type=Path,
        metavar="FILE.toml",
        help="a file on the cluster to start",
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
