"""The row of samples that exist, among the best rows of a suite."""

import pytest

from samplebench.results.assembly import assemble
from samplebench.results.formats import markdown
from samplebench.results.next_to_best import next_to_best


@pytest.fixture
def text_of(make_record, make_score):
    """The short table of 12 rows with the scores 1 to 12, a control with 0, and one's own row."""

    def text_of(value, **changes):
        def scores(value):
            apart = make_score("W2", 7.0, subject="latents")
            return [make_score("FD", value, floor=0.5), apart]

        theirs = [
            make_record(f"gmm(components={number})", seed, scores(number + seed / 10))
            for number in range(1, 13)
            for seed in (0, 1)
        ]
        theirs.append(make_record("resample", 0, scores(0.0), role="control"))
        own = make_record("file", 0, scores(value), autoencoder="identity", **changes)
        rankings = assemble([*theirs, own])
        blocks = [next_to_best(ranking, {own.identity}, "ours") for ranking in rankings]
        return "".join(map(markdown.render, blocks))

    return text_of


def rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(("value", "place", "lines"), [(2.5, 3, 11), (0.1, 1, 11), (50.0, 13, 12)])
def test_ones_own_row_has_its_place_among_the_ten_best_or_comes_last(text_of, value, place, lines):
    floor, *ranked = rows(text_of(value))
    assert floor == ["", "real data (floor)", "0.500"]
    assert len(ranked) == lines - 1
    own = [row for row in ranked if "→ ours" in row[1]]
    assert [(row[0], float(row[2])) for row in own] == [(str(place), value)]
    assert ranked.index(own[0]) == min(place, lines - 1) - 1
    assert [int(row[0]) for row in ranked[:10]] == list(range(1, 11))
    assert "Places by FD, of 13 rows." in text_of(value)


def test_scores_in_the_units_of_an_autoencoder_and_controls_are_left_out(text_of):
    text = text_of(2.5)
    assert "W2" not in text
    assert "resample" not in text


def test_under_other_conditions_no_row_is_next_to_it(text_of):
    assert text_of(2.5, protocol={"version": 2}).count("|") == 0
