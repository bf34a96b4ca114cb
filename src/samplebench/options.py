"""Options that several commands share."""

import argparse
from pathlib import Path


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
        "--jobs", type=int, default=1, metavar="N", help="stages at once, which share the threads"
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
