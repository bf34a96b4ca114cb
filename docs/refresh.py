"""Brings the generated parts of pages up to date: tables of parts, a board, comparisons.

A comparison stands between `<!-- compare: SUITE; ONE; OTHER; SCORE -->` and `<!-- /compare -->`.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from samplebench import catalogue
from samplebench.boards import read_rankings
from samplebench.registry.loading import load_parts
from samplebench.results.comparison import as_table, compare
from samplebench.results.formats import markdown
from samplebench.results.ranking import Ranking

ROOT = Path(__file__).parents[1]
COMMENTARIES = sorted((ROOT / "leaderboards" / "commentary").glob("*.md"))
PAGES = (ROOT / "README.md", ROOT / "docs" / "settings.md", *COMMENTARIES)
KINDS = ("datasets", "autoencoders", "samplers", "features", "metrics")


def parts_table() -> str:
    """Every bundled part."""
    return catalogue.as_markdown(_bundled())


def settings_table() -> str:
    """Every setting of every bundled part."""
    return catalogue.settings_as_markdown(_bundled())


def _bundled() -> list[dict[str, Any]]:
    rows = catalogue.select(catalogue.part_rows(load_parts()), KINDS)
    return [row for row in rows if row["plugin"] == "samplebench"]


def board_excerpt() -> str:
    """The table of the digits board, without its links to records."""
    lines = (ROOT / "leaderboards" / "digits.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    plain = [[re.sub(r"\[(\d+)\]\([^)]*\)", r"\1", cell) for cell in row] for row in cells]
    plain[1] = ["---" if set(cell) <= set(":-") else cell for cell in plain[1]]
    return "\n".join(f"| {' | '.join(row)} |" for row in plain)


def comparison(suite: str, one: str, other: str, score: str) -> str:
    """The differences of two rows of a board in one score."""
    differences = compare(_rankings(suite), one, other, [score])
    return markdown.render([as_table(differences, one, other)]).rstrip()


@cache
def _rankings(suite: str) -> list[Ranking]:
    return read_rankings(ROOT / "leaderboards", suite)


def refreshed(text: str) -> str:
    """A page with its blocks made anew."""
    text = re.sub(
        r"(<!-- compare: (.*?) -->\n).*?(<!-- /compare -->)",
        lambda match: f"{match[1]}\n{comparison(*match[2].split('; '))}\n\n{match[3]}",
        text,
        flags=re.DOTALL,
    )
    makers = {"parts": parts_table, "settings": settings_table, "board": board_excerpt}
    for name in (name for name in makers if f"<!-- {name}:" in text):
        made = makers[name]()
        text = re.sub(
            rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)",
            lambda match, made=made: f"{match[1]}\n{made}\n\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")
