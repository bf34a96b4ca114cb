"""Charts hold the numbers of the board, and say what they cannot show."""

import json
import math

import pytest

from samplebench.missing import Missing
from samplebench.results.assembly import assemble
from samplebench.results.board import make_board
from samplebench.results.marking import mark
from samplebench.results.plots import KINDS, name_tables
from samplebench.results.plots.chart import Chart, Estimate
from samplebench.results.plots.names import shorten_names


@pytest.fixture
def scored(make_record, make_score):
    """Records of one row: quality FD, near copies, and the time of the fit, a seed a value."""

    def scored(sampler, qualities, copies=0.0, seconds=1.0, **changes):
        records = []
        for seed, quality in enumerate(qualities):
            scores = [make_score("FD", quality)]
            if sampler:
                scores += [
                    make_score("near copies", copies, diagnostic=True, alarm=0.01),
                    make_score("fit", seconds, subject="cost", unit="s"),
                ]
            records.append(make_record(sampler, seed, scores, **changes))
        return records

    return scored


@pytest.fixture
def records(scored):
    return [
        *scored(None, [1.0, 2.0, 3.0]),
        *scored("gmm(components=2)", [4.0, 5.0, 9.0], seconds=0.5),
        *scored("gmm(components=8)", [3.0, 4.0, 5.0], seconds=2.0),
        *scored("pmfs", [2.0, 2.5, 3.0], copies=0.4, seconds=0.01),
        *scored("resample", [1.5, 2.0, 2.5], copies=0.9, role="control"),
    ]


def rank(records):
    (ranking,) = map(mark, assemble(records))
    return ranking


def chart(kind, records, columns=()):
    made = KINDS[kind]("toy", rank(records), columns)
    assert isinstance(made, Chart), made
    return made


def points(made):
    return {point.name: point for panel in made.panels for point in panel.points}


@pytest.mark.parametrize(("kind", "column"), [("copying", "near copies"), ("cost", "fit")])
def test_scatter_plots_have_the_means_and_intervals_of_the_board(records, kind, column):
    ranking, shown = rank(records), points(chart(kind, records))
    titles = [each.title for each in ranking.columns]
    rows = [row for row in ranking.rows if row.kind in ("sampler", "control")]
    assert set(shown) == {row.name for row in rows}
    for row in rows:
        for axis, title in ((shown[row.name].x, column), (shown[row.name].y, "FD")):
            summary = row.entries[titles.index(title)].summary
            assert (axis.mean, (axis.low, axis.high)) == (summary.mean, summary.interval())


def test_an_interval_is_that_of_student(records):
    # By hand: mean 6, std √7, n 3, t = 4.30265 at 97.5 % with two degrees of freedom.
    reach = 4.302652729911275 * math.sqrt(7) / math.sqrt(3)
    estimate = points(chart("copying", records))["gmm(components=2)"].y
    assert estimate.mean == pytest.approx(6)
    assert (estimate.low, estimate.high) == pytest.approx((6 - reach, 6 + reach))


def test_the_alarm_and_the_references_are_lines(records):
    (panel,) = chart("copying", records).panels
    assert {(line.look, line.axis, line.value) for line in panel.lines} == {
        ("alarm", "x", 0.01),
        ("reconstruction", "y", 2.0),
    }
    assert {p.name for p in panel.points if p.hollow} == {"pmfs", "resample"}


def test_every_row_of_the_board_has_its_line_in_the_forest(records):
    (panel,) = chart("scores", records).panels
    ranking = rank(records)
    assert panel.y.names == (
        *("reconstruction", "resample (control) ‡", "pmfs ‡"),
        *("gmm(components=8)", "gmm(components=2)"),
    )
    for point in panel.points:
        row = ranking.rows[int(point.y.mean)]
        assert (point.name, point.x) == (row.name, Estimate.of(row.entries[0]))


def test_curves_join_rows_that_differ_in_one_setting_alone(records, scored, make_part):
    settings = {"components": 3, "k": 0}
    other = make_part("gmm(components=3, k=0)", settings=settings)
    several = [
        *records,
        *(r for n in (2, 8) for r in swept(scored, make_part, n)),
        *scored(other, [7.0]),
    ]
    made = chart("sweep", several, ["FD"])
    (panel,) = made.panels
    (series,) = panel.series
    assert [(p.x.mean, p.y.mean) for p in series.points] == [(2.0, 4.0), (8.0, 16.0)]
    assert panel.x.ticks == (2.0, 8.0)


def swept(scored, make_part, number):
    part = make_part(f"kde(bins={number})", settings={"bins": number, "name": "a"})
    return scored(part, [2.0 * number])


def test_rate_stands_against_every_error(make_record, make_score):
    records = [
        make_record(
            None,
            seed,
            [
                make_score("MSE", error + seed, subject="autoencoder"),
                make_score("rate", bits, subject="autoencoder", unit="bits/site"),
            ],
            autoencoder=name,
        )
        for name, bits, error in (("fsq", 8.0, 2.0), ("vq-vae", 9.0, 1.0))
        for seed in (0, 1)
    ]
    shown = points(chart("rate", records))
    assert {n: (p.x.mean, p.y.mean) for n, p in shown.items()} == {
        "fsq": (8.0, 2.5),
        "vq-vae": (9.0, 1.5),
    }


@pytest.mark.parametrize("kind", ["copying", "cost", "sweep", "rate"])
def test_a_board_that_lacks_what_a_kind_needs_says_so_in_one_sentence(seeds_of, kind):
    missing = KINDS[kind]("toy", rank(seeds_of("gmm", [1.0])), ())
    assert isinstance(missing, Missing)
    assert missing.reason.startswith("needs ")


def test_one_row_of_one_seed_is_a_point_without_an_interval(seeds_of):
    made = chart("scores", seeds_of("gmm", [1.0]))
    assert points(made)["gmm"].x == Estimate(1.0)
    assert "one seed" in made.caption


def test_a_score_without_a_value_is_left_out_and_counted(records, scored):
    made = chart("copying", [*records, *scored("kde", [None, None])])
    assert "kde" not in points(made)
    assert "Left out, lacking a score: 1 row." in made.caption


def test_other_columns_are_plotted_when_asked_for(records):
    (panel,) = chart("scores", records, ["fit"]).panels
    assert panel.x.label == "fit [s] ↓"


def test_descriptions_say_what_is_seen(records):
    said = chart("copying", records).description
    for words in (
        "FD (lower is better",
        "near copies (lower is better, logarithmic above 0.01)",
        "4 points",
        "gmm(components=8) with vae (4)",
    ):
        assert words in said


def test_panels_of_autoencoders_share_axes_and_the_look_of_samplers(records, scored):
    more = scored("gmm(components=8)", [300.0, 400.0], autoencoder="ae")
    first, second = chart("copying", [*records, *more]).panels
    assert (first.title, second.title) == ("ae", "vae")
    assert (first.x, first.y) == (second.x, second.y)
    assert first.y.scale == "log"
    styles = {s.name: s.style for s in second.series}
    assert first.series[0].style == styles["gmm(components=8)"]


def test_the_digest_changes_with_every_number_and_with_no_order(records, scored):
    made = chart("scores", records)
    assert made.digest == chart("scores", records[::-1]).digest
    assert made.digest != chart("scores", [*records, *scored("kde", [1.0])]).digest
    assert json.dumps(made.digest)


def test_names_are_shortened_by_what_distinguishes_nothing():
    names = [f"vq-vae(channels=16, codes=512, replace_dead={x}, width=32)" for x in (0.0, 0.5)]
    names += [
        "dictionary(prior='pmfs(bins=10, rule=\"a,b\")', atoms=(1, 2))",
        "gmm(components=10)",
    ]
    assert list(shorten_names(names).values()) == [
        "vq-vae(replace_dead=0.0, …)",
        "vq-vae(replace_dead=0.5, …)",
        "dictionary(…)",
        "gmm(components=10)",
    ]


def test_two_names_never_become_one():
    long = ["x" * 80 + "1", "x" * 80 + "2", "gmm(…)"]
    assert len(set(shorten_names(long).values())) == 3
    assert shorten_names(long)[long[0]] == long[0]


def test_files_of_several_tables_have_names_of_their_own(records, make_part, scored):
    other = scored("gmm", [1.0], dataset=make_part("digits(side=8)"))
    third = scored("gmm", [1.0], protocol={"version": 2})
    rankings = assemble([*records, *other, *third])
    assert len(set(name_tables(rankings))) == len(rankings) == 3
    board = make_board("toy", records)
    assert list(board.charts) == ["scores", "copying", "cost"]
