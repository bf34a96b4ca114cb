"""Marks: bold is what the test says, and nothing else; a warning is given when due."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from samplebench.results.assembly import assemble
from samplebench.results.blocked import Blocked
from samplebench.results.marking import mark
from samplebench.results.ranking import Ranking
from samplebench.results.record import PartRecord, Record, Score

SeedsOf = Callable[..., list[Record]]


def only(records: Sequence[Record]) -> Ranking:
    (table,) = assemble(records)
    return mark(table)


def bold(table: Ranking, title: str) -> set[tuple[str, str]]:
    place = [column.title for column in table.columns].index(title)
    return {(row.autoencoder, row.name) for row in table.rows if row.entries[place].bold}


def alarmed(table: Ranking) -> dict[str, list[str]]:
    return {row.name: [column.title for column in row.alarms] for row in table.rows if row.alarms}


FAR = {"near": [1.0, 1.1, 1.2], "far": [50.0, 50.1, 50.2]}


@pytest.mark.parametrize("seed", range(3))
def test_bold_goes_down_to_the_first_that_is_significantly_different(
    seeds_of: SeedsOf, seed: int
) -> None:
    random = np.random.default_rng(seed)
    samples = {f"s{mean}": random.normal(10 + mean, 0.7, 4).tolist() for mean in range(5)}
    table = only([record for name, values in samples.items() for record in seeds_of(name, values)])
    ordered = sorted(samples, key=lambda name: float(np.mean(samples[name])))
    test = Blocked.of(ordered, np.log([samples[name] for name in ordered]))
    different = [test.differ(ordered[0], name) for name in ordered]
    assert any(different)
    assert bold(table, "FD") == {("vae", name) for name in ordered[: different.index(True)]}


def test_references_and_controls_are_never_bold(seeds_of: SeedsOf) -> None:
    records = [
        *seeds_of(None, [0.1, 0.2, 0.3], floor=0.05),
        *seeds_of("copier", [0.5, 0.6, 0.7], role="control"),
        *(record for name, values in FAR.items() for record in seeds_of(name, values)),
    ]
    assert bold(only(records), "FD") == {("vae", "near")}


@pytest.mark.parametrize("subject", ["images", "cost", "latents"])
def test_samplers_compete_within_an_autoencoder(seeds_of: SeedsOf, subject: str) -> None:
    records = [
        record
        for autoencoder, scale in (("ae", 1), ("vae", 5))
        for name, values in FAR.items()
        for record in seeds_of(
            name, [scale * value for value in values], subject=subject, autoencoder=autoencoder
        )
    ]
    assert bold(only(records), "FD") == {("ae", "near"), ("vae", "near")}


def test_the_best_of_several_autoencoders_is_bold(seeds_of: SeedsOf) -> None:
    about = {"title": "MSE", "subject": "autoencoder"}
    near, far = (
        seeds_of(None, values, autoencoder=autoencoder, **about)
        for autoencoder, values in zip(("ae", "vae"), FAR.values(), strict=True)
    )
    assert bold(only(near + far), "MSE") == {("ae", "reconstruction")}
    assert bold(only(near), "MSE") == set()


def test_loaded_weights_are_never_the_best_autoencoder(
    seeds_of: SeedsOf, make_part: Callable[..., PartRecord]
) -> None:
    about = {"title": "MSE", "subject": "autoencoder"}
    loaded = make_part("vae", checkpoint="0123456789abcdef")
    records = [
        *seeds_of(None, [0.5, 0.5, 0.5], autoencoder=loaded, **about),
        *seeds_of(None, FAR["near"], autoencoder="ae", **about),
        *seeds_of(None, FAR["far"], autoencoder="rae", **about),
    ]
    assert bold(only(records), "MSE") == {("ae", "reconstruction")}


def test_costs_of_two_machines_are_not_compared(seeds_of: SeedsOf) -> None:
    near = seeds_of("near", FAR["near"], subject="cost")
    far = seeds_of("far", FAR["far"], subject="cost", provenance={"threads": 16})
    assert bold(only(near + far), "FD") == set()


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"subject": "cost"}, {"fast"}),
        ({"subject": "images"}, {"fast"}),
        ({"subject": "latents", "better": "higher"}, {"fast", "slow"}),
        ({"subject": "images", "better": "higher"}, {"fast", "slow"}),
    ],
)
def test_costs_and_distances_compare_by_ratio_and_other_scores_by_difference(
    seeds_of: SeedsOf, about: dict[str, str], expected: set[str]
) -> None:
    noisy = {"slow": [1.0, 3.0, 9.0], "fast": [1e-3, 3.2e-3, 8e-3]}
    records = [
        record for name, values in noisy.items() for record in seeds_of(name, values, **about)
    ]
    assert bold(only(records), "FD") == {("vae", name) for name in expected}


def test_a_diagnostic_is_never_bold(seeds_of: SeedsOf) -> None:
    records = [r for name, values in FAR.items() for r in seeds_of(name, values, diagnostic=True)]
    assert bold(only(records), "FD") == set()


@pytest.mark.parametrize(
    ("better", "alarm", "fine", "bad"), [("higher", 0.8, 0.81, 0.79), ("lower", 1.5, 1.49, 1.51)]
)
def test_a_row_whose_mean_is_worse_than_the_alarm_is_marked(
    seeds_of: SeedsOf, better: str, alarm: float, fine: float, bad: float
) -> None:
    about = {"title": "copies", "better": better, "diagnostic": True, "alarm": alarm}
    records = [
        *seeds_of(None, [bad, bad], floor=bad, **about),
        *seeds_of("honest", [fine, fine], **about),
        *seeds_of("thief", [bad - 0.1, bad + 0.1], **about),
        *seeds_of("copier", [bad, bad], role="control", **about),
    ]
    assert alarmed(only(records)) == {"thief": ["copies"], "copier": ["copies"]}


def test_an_alarm_of_earlier_records_is_a_multiple_of_the_reconstruction_row(
    seeds_of: SeedsOf,
) -> None:
    """Records from before ``diagnostic`` have ``alarm`` without it."""
    about = {"title": "authenticity", "better": "higher", "alarm": 0.8}
    records = [
        *seeds_of(None, [0.4, 0.6], **about),
        *seeds_of("honest", [0.41, 0.41], **about),
        *seeds_of("thief", [0.29, 0.49], **about),
    ]
    table = only(records)
    assert alarmed(table) == {"thief": ["authenticity"]}
    assert table.columns[0].diagnostic


@pytest.mark.parametrize(
    ("subject", "winner"), [("images", "near"), ("latents", "near"), ("cost", "copier")]
)
@pytest.mark.parametrize("found", [0.1, None])
def test_a_row_with_an_alarm_or_none_that_could_be_raised_competes_in_costs_alone(
    make_record: Callable[..., Record],
    make_score: Callable[..., Score],
    subject: str,
    winner: str,
    found: float | None,
) -> None:
    about = {"better": "higher", "diagnostic": True, "alarm": 0.8, "subject": "latents"}
    rows = {None: (0.5, 1.0), "copier": (0.1, found), "near": (1.0, 1.0), "far": (50.0, 1.0)}
    records = [
        make_record(
            name,
            seed,
            [
                make_score("FD", level + seed / 100, subject=subject),
                make_score("authenticity", authenticity, **about),
            ],
        )
        for name, (level, authenticity) in rows.items()
        for seed in range(3)
    ]
    assert bold(only(records), "FD") == {("vae", winner)}


def test_an_alarm_of_earlier_records_needs_the_reconstructions_of_the_same_autoencoder(
    seeds_of: SeedsOf,
) -> None:
    about = {"better": "higher", "alarm": 0.8}
    records = seeds_of(None, [1.0], autoencoder="ae", **about) + seeds_of("gmm", [0.1], **about)
    assert alarmed(only(records)) == {}


def test_a_row_that_has_no_score_for_a_seed_does_not_win(seeds_of: SeedsOf) -> None:
    """The seeds that it has would be the best; the one that it lacks may be infinite."""
    records = [
        *seeds_of("holed", [0.1, 0.2, None]),
        *(record for name, values in FAR.items() for record in seeds_of(name, values)),
    ]
    assert bold(only(records), "FD") == {("vae", "near")}
