"""Colours, markers and sizes of all plots.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart. Every
marker has a shape of its own too, so that a print in grey says the same.

Reference: Color Universal Design (Okabe and Ito, 2008), https://jfly.uni-koeln.de/color/
"""

from collections.abc import Mapping
from typing import Any, Final

from samplebench.results.plots.chart import Look

BLACK, GREY, LIGHT = "#000000", "#666666", "#d9d9d9"
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9")
"""Blue, vermillion, bluish green, orange, reddish purple and sky blue; black is for references."""
MARKERS: Final[tuple[Any, ...]] = (
    *("o", "s", "^", "D", "v", "P", "X", "p", "<", ">", "*", "h", "d"),
    *((4, 1, 0), (3, 1, 0), (4, 1, 45), (8, 1, 0), (3, 1, 180), (6, 1, 0)),
)
"""Each is a shape that can be filled or hollow; one more than thrice the colours, so that no two
of the first 114 styles are equal.
"""

FONT_SIZE, SMALL, TITLE_SIZE = 8.0, 7.0, 10.0

LINES: Final[Mapping[str, Mapping[str, Any]]] = {
    "floor": {"color": BLACK, "linestyle": (0, (1, 1.5)), "linewidth": 1.2},
    "reconstruction": {"color": BLACK, "linestyle": (0, (6, 2)), "linewidth": 1.0},
    "alarm": {"color": COLOURS[1], "linestyle": (0, (5, 1.5, 1, 1.5)), "linewidth": 1.2},
}
"""Reference lines differ in their dashes."""

SETTINGS: Final[Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same on every machine
    "font.size": FONT_SIZE,
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    "axes.unicode_minus": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "path.simplify": False,
    "pdf.fonttype": 42,
    # Text stays text: it can be searched, copied and read aloud, and half the file is saved. Other
    # fonts, where this one is missing, are narrower.
    "svg.fonttype": "none",
    "svg.hashsalt": "samplebench",
    "text.parse_math": False,  # a dollar sign in a name is one
}
"""Settings of matplotlib while a plot is drawn; nobody's own settings have a say in it."""


def colour_of(look: Look, style: int) -> str:
    """The colour of points that play this part."""
    fixed = {"control": GREY, "reconstruction": BLACK, "floor": BLACK}
    fixed |= {"latents": "#9a9a9a", "draws": COLOURS[1]}
    return fixed.get(look, COLOURS[style % len(COLOURS)])


def size_of(marker: Any) -> float:
    """The size at which a marker looks as large as the others, in points."""
    if isinstance(marker, tuple) or marker == "*":
        return 8.0
    return {"o": 5.5, "s": 5.0, "D": 4.8, "d": 6.5}.get(marker, 6.2)


def marker_of(look: Look, style: int) -> Any:
    """The shape of points that play this part."""
    fixed = {"reconstruction": "D", "floor": "v", "latents": "o", "draws": "^"}
    return fixed.get(look, MARKERS[style % len(MARKERS)])
