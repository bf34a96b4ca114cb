"""The formats in which a board's tables are printed. Each is imported only when it is used."""

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from samplebench.errors import UsageError

if TYPE_CHECKING:
    from samplebench.results.blocks import Block
    from samplebench.results.excerpt import Excerpt

Renderer = Callable[[Sequence["Excerpt"], bool], str]
"""Makes one text of excerpts; it is true of the second argument that tables are transposed."""


def _markdown(excerpts: Sequence["Excerpt"], transposed: bool) -> str:
    from samplebench.results.formats import markdown

    return markdown.render(_blocks(excerpts, transposed))


def _latex(excerpts: Sequence["Excerpt"], transposed: bool) -> str:
    from samplebench.results.formats import latex

    return latex.render(_blocks(excerpts, transposed))


def _terminal(excerpts: Sequence["Excerpt"], transposed: bool) -> str:
    from rich.console import Console

    from samplebench.results.formats import terminal
    from samplebench.results.formats.text_table import output_width

    text = io.StringIO()
    styled = sys.stdout.isatty()
    console = Console(file=text, highlight=False, width=output_width(), force_terminal=styled)
    terminal.show(_blocks(excerpts, transposed), console)
    return text.getvalue()


def _html(excerpts: Sequence["Excerpt"], transposed: bool) -> str:
    from samplebench.results.formats import html

    return f"{html.render(_blocks(excerpts, transposed), html.NOWHERE)}\n"


def _csv(excerpts: Sequence["Excerpt"], transposed: bool) -> str:
    from samplebench.results.formats import csv

    _refuse_transposed("csv", transposed)
    return csv.render(excerpts)


def _json(excerpts: Sequence["Excerpt"], transposed: bool) -> str:
    from samplebench.results.formats import every_eval_ever

    _refuse_transposed("json", transposed)
    return every_eval_ever.render(excerpts)


FORMATS: Final[Mapping[str, Renderer]] = {
    "markdown": _markdown,
    "latex": _latex,
    "csv": _csv,
    "json": _json,
    "html": _html,
    "terminal": _terminal,
}


def _blocks(excerpts: Sequence["Excerpt"], transposed: bool) -> list["Block"]:
    from samplebench.results.excerpt import excerpt_blocks

    return [
        block for excerpt in excerpts for block in excerpt_blocks(excerpt, transposed=transposed)
    ]


def _refuse_transposed(name: str, transposed: bool) -> None:
    if transposed:
        raise UsageError(
            f"--format {name} has no rows and columns to exchange, but an entry for each score "
            "or row; leave --transpose out"
        )
