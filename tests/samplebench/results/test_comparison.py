"""Comparisons of two rows, against scipy's paired test."""

from collections.abc import Callable

import pytest
from scipy import stats

from samplebench.errors import UsageError
from samplebench.results.assembly import assemble
from samplebench.results.comparison import as_rows, as_table, compare
from samplebench.results.formats import markdown
from samplebench.results.marking import mark
from samplebench.results.record import Record

MakeRecord = Callable[..., Record]
FIRST = {"ae": (3.0, 1.5, 2.0), "vae": (5.0, 5.5, 4.0)}
SECOND = {"ae": (4.0, 2.0, 4.0), "vae": (4.0, 7.0, 8.0)}


@pytest.fixture
def records(seeds_of, make_record) -> list[Record]:
    """Two samplers on two autoencoders, and the reconstruction row of one."""
    made = [*seeds_of(None, [1.0, 1.0], floor=0.5, autoencoder="ae")]
    for name, by_autoencoder in (("pmfs", FIRST), ("gmm", SECOND)):
        for autoencoder, values in by_autoencoder.items():
            made += seeds_of(name, values, autoencoder=autoencoder)
    return made


def test_intervals_are_those_of_the_paired_t_test(records):
    found = compare(assemble(records), "pmfs", "gmm")
    assert [difference.autoencoder for difference in found] == ["ae", "vae", "all 2"]
    means = [[sum(values) / 3 for values in side.values()] for side in (FIRST, SECOND)]
    sides = [*((FIRST[name], SECOND[name]) for name in FIRST), means]
    for row, (one, other) in zip(as_rows(found), sides, strict=True):
        theirs = stats.ttest_rel(one, other).confidence_interval(0.95)
        assert row["interval"] == pytest.approx((theirs.low, theirs.high))
        assert row["differences"] == pytest.approx(
            [a - b for a, b in zip(one, other, strict=True)]
        )
    assert [row["better"] for row in as_rows(found)] == [3, 2, 2]


def test_only_seeds_that_both_have_are_paired(seeds_of):
    made = [*seeds_of("pmfs", [1.0, 2.0, 4.0]), *seeds_of("gmm", [2.0, 5.0])]
    (found,) = compare(assemble(made), "pmfs", "gmm")
    assert found.differences == [-1.0, -3.0]


def test_a_score_without_a_value_is_no_half_of_a_pair(make_record, make_score):
    made = [
        make_record(name, seed, [make_score("FD", value)])
        for name, values in (("pmfs", (1.0, None)), ("gmm", (3.0, 4.0)))
        for seed, value in enumerate(values)
    ]
    (found,) = compare(assemble(made), "pmfs", "gmm")
    assert found.differences == [-2.0]
    assert as_rows([found])[0]["interval"] is None


def test_higher_is_better_where_the_score_says_so(seeds_of):
    made = [
        record
        for name, values in (("pmfs", [1.0, 2.0]), ("gmm", [0.5, 3.0]))
        for record in seeds_of(name, values, better="higher")
    ]
    assert compare(assemble(made), "pmfs", "gmm")[0].better == 1


def test_costs_and_the_floor_are_not_compared(seeds_of, records):
    costs = [
        record
        for name in ("pmfs", "gmm")
        for record in seeds_of(name, [1.0, 2.0], title="fit", subject="cost")
    ]
    with pytest.raises(UsageError, match="no autoencoder and seed has a score for both"):
        compare(assemble(costs), "pmfs", "gmm")
    with pytest.raises(UsageError, match="no row 'real data'; there are: gmm, pmfs, reconstr"):
        compare(assemble(records), "pmfs", "real data")
    with pytest.raises(UsageError, match="no score 'FID'; there are: FD"):
        compare(assemble(records), "pmfs", "gmm", ["FID"])


def test_the_table_names_the_dataset_only_where_there_are_several(seeds_of, make_part):
    made = [
        record
        for dataset in ("mnist", "svhn")
        for name in ("pmfs", "gmm")
        for record in seeds_of(name, [1.0, 2.0], dataset=make_part(dataset))
    ]
    found = compare(assemble(made), "pmfs", "gmm")
    several = as_table(found, "pmfs", "gmm")
    assert several.headings[0] == ("table",)
    assert [row[0] for row in several.rows] == [("mnist",), ("svhn",)]
    alone = markdown.render([as_table(found[:1], "pmfs", "gmm")]).splitlines()
    assert " ".join(alone[0].split()) == (
        "| score | autoencoder | `pmfs` | `gmm` | first − second | 95 % interval "
        "| `pmfs` better | significant |"
    )
    assert [cell.strip() for cell in alone[2].split("|")[-3:-1]] == ["0 of 2", "no"]


def test_the_verdict_is_that_of_the_test_which_decides_what_is_bold(seeds_of):
    near, far, other = [1.0, 1.1, 1.2], [9.0, 9.9, 10.8], [1.1, 1.1, 1.3]
    rows = {"near": near, "far": far, "other": other}
    made = [r for name, values in rows.items() for r in seeds_of(name, values)]
    ranking = mark(assemble(made)[0])
    bold = {row.name for row in ranking.rows if row.entries[0].bold}
    assert bold == {"near", "other"}
    for one, two in (("near", "far"), ("near", "other")):
        (found,) = compare([ranking], one, two)
        assert found.significant == (two not in bold)


def test_all_autoencoders_together_and_rows_of_one_seed_have_no_verdict(records, seeds_of):
    assert [found.significant for found in compare(assemble(records), "pmfs", "gmm")][2] is None
    single = [*seeds_of("pmfs", [1.0]), *seeds_of("gmm", [2.0])]
    assert compare(assemble(single), "pmfs", "gmm")[0].significant is None


def test_costs_are_compared_when_they_are_asked_for(seeds_of):
    made = [
        *seeds_of("pmfs", [1.0, 2.0], title="fit", subject="cost"),
        *seeds_of("gmm", [30.0, 40.0], title="fit", subject="cost"),
    ]
    with pytest.raises(UsageError, match="no autoencoder and seed has a score for both"):
        compare(assemble(made), "pmfs", "gmm")
    (found,) = compare(assemble(made), "pmfs", "gmm", ["fit"])
    assert found.differences == [-29.0, -38.0]
    assert found.pairs == ("seed 0", "seed 1")


def test_costs_of_two_machines_are_not_compared(seeds_of):
    about = {"title": "fit", "subject": "cost"}
    made = [
        *seeds_of("pmfs", [1.0, 2.0], **about),
        *seeds_of("gmm", [30.0, 40.0], provenance={"threads": 16}, **about),
    ]
    with pytest.raises(UsageError, match=r"several machines.*16 threads"):
        compare(assemble(made), "pmfs", "gmm", ["fit"])


def test_scores_near_the_largest_float_are_compared(seeds_of):
    made = [
        record
        for name in ("pmfs", "gmm")
        for autoencoder in ("ae", "vae")
        for record in seeds_of(name, [1.5e308, 1.7e308, 1.6e308], autoencoder=autoencoder)
    ]
    found = compare(assemble(made), "pmfs", "gmm")
    assert [row["interval"] for row in as_rows(found)] == 3 * [(0, 0)]
    assert as_table(found, "pmfs", "gmm").rows[-1][2] == ("1.60e308",)
