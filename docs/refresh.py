"""Brings the parts of README.md that the tool makes up to date: the table of parts and a board."""

import re
from pathlib import Path

from samplebench import catalogue
from samplebench.registry.loading import load_parts

ROOT = Path(__file__).parents[1]
KINDS = ("datasets", "autoencoders", "samplers", "features", "metrics")


def parts_table() -> str:
    """Every bundled part."""
    rows = catalogue.rows(load_parts(), KINDS)
    return catalogue.as_markdown([row for row in rows if row["plugin"] == "samplebench"])


def board_excerpt() -> str:
    """The table of the digits board, without its links to records."""
    lines = (ROOT / "leaderboards" / "digits.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    plain = [[re.sub(r"\[(\d+)\]\([^)]*\)", r"\1", cell) for cell in row] for row in cells]
    plain[1] = ["---" if set(cell) <= set(":-") else cell for cell in plain[1]]
    return "\n".join(f"| {' | '.join(row)} |" for row in plain)


def refreshed(text: str) -> str:
    """README.md with both blocks made anew."""
    for name, made in (("parts", parts_table()), ("board", board_excerpt())):
        text = re.sub(
            rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)",
            lambda match, made=made: f"{match[1]}\n{made}\n\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(refreshed(readme.read_text(encoding="utf-8")), encoding="utf-8")
