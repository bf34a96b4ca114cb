"""Figures: what is drawn is what the chart holds, the same bytes each time, and escaped."""

import io
import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from samplebench.results.assembly import assemble
from samplebench.results.marking import mark
from samplebench.results.plots import KINDS, draw_board, style
from samplebench.results.plots.chart import Axis, Chart, Estimate, Line, Panel, Point, Series
from samplebench.results.plots.drawing import draw
from samplebench.results.plots.files import is_current, render
from samplebench.results.plots.scales import find_limits, find_ticks, format_tick

NASTY = "a$b$_<script>&'\""


def make_chart(*series, lines=(), x=None, y=None):
    panel = Panel((0, 0), NASTY, x or Axis("x"), y or Axis("y"), series, lines)
    return Chart("scores", f"title {NASTY}", "caption", f"description {NASTY}", (panel,))


def series(name, *points, look="sampler", number=0, joined=False):
    return Series(name, look, number, tuple(points), joined)


A = Point("a", Estimate(1.0, 0.5, 1.5), Estimate(20.0, 10.0, 30.0))
B = Point("b", Estimate(2.0), Estimate(40.0), hollow=True)


def drawn(axes):
    """The markers of each series: name → points."""
    found = {}
    for line in axes.get_lines():
        if line.get_marker() != "None":
            found.setdefault(line.get_label(), []).extend(zip(*line.get_data(), strict=True))
    return found


def test_markers_bars_and_lines_are_those_of_the_chart():
    chart = make_chart(series("one", A), series("two", B), lines=(Line("f", "floor", "y", 7.0),))
    (axes,) = draw(chart).axes
    assert drawn(axes) == {"one": [(1.0, 20.0)], "two": [(2.0, 40.0)]}
    (bars,) = (line for line in axes.get_lines() if line.get_gid() == "bars")
    segments = np.asarray(bars.get_xydata()).reshape(2, 3, 2)[:, :2]
    assert segments.tolist() == [[[0.5, 20], [1.5, 20]], [[1, 10], [1, 30]]]
    (floor,) = (line for line in axes.get_lines() if line.get_label() == "f")
    assert list(floor.get_ydata()) == [7.0, 7.0]
    for values, (low, high) in (((0.5, 2), axes.get_xlim()), ((7, 40), axes.get_ylim())):
        assert low < min(values) < max(values) < high


def test_every_score_of_a_board_is_drawn(seeds_of):
    records = [r for n, v in (("gmm", [1.0, 2.0]), ("kde", [3.0, 5.0])) for r in seeds_of(n, v)]
    (ranking,) = map(mark, assemble(records))
    (axes,) = draw(KINDS["scores"]("toy", ranking, ())).axes
    assert sorted(at for points in drawn(axes).values() for at in points) == [(1.5, 0), (4.0, 1)]
    assert [text.get_text() for text in axes.texts] == ["gmm", "kde"]


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_the_same_chart_gives_the_same_bytes(suffix):
    chart = make_chart(series("one", A), series("two", B))
    assert render(chart, suffix) == render(chart, suffix)


def test_a_users_own_settings_change_nothing_and_are_not_changed():
    import matplotlib

    chart = make_chart(series("one", A))
    before = render(chart, ".svg")
    with matplotlib.rc_context({"font.size": 30, "lines.markersize": 20, "axes.grid": True}):
        assert render(chart, ".svg") == before
        assert matplotlib.rcParams["font.size"] == 30


def test_names_stay_text_whatever_is_in_them():
    svg = render(make_chart(series(NASTY, A), series("other", B)), ".svg").decode()
    root = ElementTree.fromstring(svg)
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count(NASTY) == 2  # the panel and the legend
    assert root.findtext("{http://www.w3.org/2000/svg}desc") == f"description {NASTY}"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == f"title {NASTY}"
    assert root.get("role") == "img"
    assert "<script" not in svg


def test_a_file_is_current_until_anything_that_is_shown_changes(tmp_path):
    chart, path = make_chart(series("one", A)), tmp_path / "plot.svg"
    assert not is_current(chart, path)
    path.write_bytes(render(chart, ".svg"))
    assert is_current(chart, path)
    assert not is_current(make_chart(series("one", B)), path)


def test_svgs_have_no_names_that_collide_in_one_page():
    svg = render(make_chart(series("one", A), series("two", B)), ".svg").decode()
    assert not re.search(r'<g id="', svg)


def test_points_of_equal_score_stand_side_by_side_and_keep_their_numbers():
    twin = Point("c", Estimate(1.0), Estimate(20.0))
    (axes,) = draw(make_chart(series("one", A), series("two", twin, number=1))).axes
    markers = [line for line in axes.get_lines() if line.get_marker() != "None"]
    assert [tuple(line.get_xdata()) for line in markers] == [(1.0,), (1.0,)]
    first, second = (line.get_transform().transform((1.0, 20.0)) for line in markers)
    assert second[0] > first[0]
    assert second[1] == first[1]


def test_an_interval_that_reaches_below_zero_is_cut_at_the_edge_of_a_logarithmic_axis():
    low = Point("a", Estimate(1.0), Estimate(1.0, -5.0, 7.0))
    chart = make_chart(series("one", low, B), y=Axis("y", "log"))
    (axes,) = draw(chart).axes
    (bars,) = (line for line in axes.get_lines() if line.get_gid() == "bars")
    assert list(bars.get_ydata())[:2] == [axes.get_ylim()[0], 7.0]


def test_styles_differ_in_shape_and_in_grey_and_colours_are_apart():
    looks = [
        (style.colour_of("sampler", n), str(style.marker_of("sampler", n))) for n in range(114)
    ]
    assert len(set(looks)) == 114
    assert len({str(marker) for marker in style.MARKERS}) == len(style.MARKERS) == 19
    markers = [style.marker_of("control", n) for n in range(19)]
    assert len({str(marker) for marker in markers}) == 19


def test_markers_look_different_as_they_are_drawn():
    pictures = set()
    for number in range(len(style.MARKERS)):
        png = render(make_chart(series("s", B, look="control", number=number)), ".png")
        with Image.open(io.BytesIO(png)) as image:
            pictures.add(image.convert("L").tobytes())
    assert len(pictures) == len(style.MARKERS)


@pytest.mark.parametrize("scale", ["linear", "log", "symlog"])
@pytest.mark.parametrize("values", [(1.0,), (0.5, 3.0), (1e-6, 1e9)])
def test_all_points_lie_inside_the_axis_and_ticks_too(scale, values):
    axis = Axis("x", scale, threshold=0.01)
    low, high = find_limits(axis, [Estimate(value) for value in values], ())
    assert low < min(values) <= max(values) < high
    ticks = find_ticks(axis, low, high, most=5)
    assert ticks is None if scale == "linear" else 0 < len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks or ())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01, "0.01"),
        (10_000.0, "10,000"),
        (1e-5, "1e-5"),
        (2.5e7, "2.5e7"),
        (-2.0, "-2"),
    ],
)
def test_ticks_are_written_without_markup(value, text):
    assert format_tick(value) == text


def test_a_board_is_drawn_with_descriptions(seeds_of):
    from samplebench.results.board import make_board

    plots = draw_board(make_board("toy", seeds_of("gmm", [1.0, 3.0])))
    assert list(plots) == ["scores"]
    assert plots["scores"].svg.startswith(b"<?xml")
    assert plots["scores"].description in plots["scores"].svg.decode()
    assert not math.isnan(len(plots["scores"].caption))
