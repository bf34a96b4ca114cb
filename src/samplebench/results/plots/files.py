"""Figures as the bytes of files: SVG, PNG and PDF, the same bytes for the same chart."""

import io
import re
from html import escape
from pathlib import Path
from typing import Any, Final

from samplebench.regular_files import read_text
from samplebench.results.plots.chart import Chart

SUFFIXES: Final = (".svg", ".png", ".pdf")
_DIGEST: Final = "samplebench inputs "
_DPI: Final = 200


def render(chart: Chart, suffix: str) -> bytes:
    """Draw a chart as the content of a file with this suffix, one of ``SUFFIXES``."""
    import matplotlib

    from samplebench.results.plots import style
    from samplebench.results.plots.drawing import draw

    figure, file = draw(chart), io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(style.SETTINGS)
        figure.savefig(
            file, format=suffix.removeprefix("."), dpi=_DPI, metadata=_metadata(chart, suffix)
        )
    content = file.getvalue()
    return _tidy(content.decode(), chart.description).encode() if suffix == ".svg" else content


def is_current(chart: Chart, path: Path) -> bool:
    """Say whether the SVG in a file is made of what the chart shows."""
    try:
        return is_made_of(chart, read_text(path, links=False))
    except (OSError, UnicodeDecodeError):
        return False


def is_made_of(chart: Chart, svg: str) -> bool:
    """Say whether an SVG is made of what the chart shows, by the digest in it.

    Bytes are not compared: another version of matplotlib draws the same with other bytes.
    """
    return f"{_DIGEST}{chart.digest}<" in svg


def _metadata(chart: Chart, suffix: str) -> dict[str, Any]:
    """Title and description, and no date."""
    if suffix == ".svg":
        return {
            "Title": chart.title,
            "Identifier": f"{_DIGEST}{chart.digest}",
            "Creator": "samplebench",
            "Date": None,
        }
    if suffix == ".png":
        return {"Title": chart.title, "Description": chart.description, "Software": None}
    return {"Title": chart.title, "Subject": chart.description, "CreationDate": None}


def _tidy(svg: str, description: str) -> str:
    """Let screen readers take the drawing for one picture, with its title and description; and
    leave out what nobody needs: names of groups, comments, turns by nothing, and further decimals.
    """
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)  # several plots may stand in one page
    svg = re.sub(r" *<!--.*?-->\n", "", svg, flags=re.DOTALL)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", svg)
    svg = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda found: _round(found[0]), svg)
    described = f"</title>\n <desc>{escape(description)}</desc>"
    return svg.replace("<svg ", '<svg role="img" ', 1).replace("</title>", described, 1)


def _round(numbers: str) -> str:
    short = re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", numbers)
    return re.sub(r" ?\n", " ", short)
