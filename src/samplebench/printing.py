"""Tables of boards in a format to take along: on standard output, or in a file.

Plain text: no torch.
"""

import argparse

from samplebench.boards import Read, read_boards
from samplebench.errors import UsageError
from samplebench.results.excerpt import make_excerpts
from samplebench.results.formats.choice import FORMATS
from samplebench.results.selection import Selection
from samplebench.results.store import write_whole


def print_tables(options: argparse.Namespace, read: Read) -> None:
    """Print the tables of ``leaderboard --format``, or write them to its ``--output``.

    Raises:
        UsageError: there are no such suites, rows or columns, or the format cannot be so.
        StorageError: the file could not be written.
    """
    if options.check:
        raise UsageError("--check compares boards and prints none; give it or --format")
    selection = Selection(options.columns, options.autoencoder, options.sampler)
    excerpts = make_excerpts(read_boards(options.results, options.suite, read), selection)
    text = FORMATS[options.format](excerpts, options.transpose)
    if options.output is None:
        print(text, end="")
    else:
        write_whole(options.output, text)


def refuse_choice_without_format(options: argparse.Namespace) -> None:
    """Refuse what has a meaning only for tables that are printed.

    Raises:
        UsageError: something of the kind was given.
    """
    given = {
        "--columns": options.columns,
        "--autoencoder": options.autoencoder,
        "--sampler": options.sampler,
        "--transpose": options.transpose,
        "--output": options.output,
    }
    for name, value in given.items():
        if value:
            raise UsageError(
                f"{name} is for tables that are printed, and the pages of boards have all rows; "
                f"add --format, with one of {', '.join(FORMATS)}"
            )
