"""The summary says what the marks of the tables say."""

import pytest

from samplebench.results.board import make_board
from samplebench.results.formats import markdown
from samplebench.results.summary import summarise


@pytest.fixture
def lines_of(make_record, make_score):
    """The sentences on rows, given as FDs by seed; names may be followed by the autoencoder."""

    def lines(rows, near=None, other=None, **about):
        records = []
        for name, values in rows.items():
            sampler, _, autoencoder = name.partition(" with ")
            for seed, value in enumerate(values):
                scores = [make_score("FD", value, **about)]
                if near is not None:
                    share = near.get(name, 0.0)
                    scores.append(make_score("copies", share, alarm=0.01, diagnostic=True))
                if other is not None:
                    scores.append(make_score("W2", other[name][seed], subject="latents"))
                records.append(
                    make_record(sampler, seed, scores, autoencoder=autoencoder or "vae")
                )
        board = make_board("toy", records)
        return [markdown.line(text) for text in summarise(board.rankings)]

    return lines


CLEAR = {"a": [1.0, 1.01, 1.02], "b": [2.0, 2.02, 2.04], "c": [8.0, 8.1, 8.2]}


def test_a_clear_winner_leads_by_its_ratio_to_the_next(lines_of):
    best, copies, doubts = lines_of(CLEAR)
    assert best == "**Best in FD ↓**: `a` (the next row: 2 times the best score)."
    assert copies == "**Copies**: not measured in this table."
    assert doubts == "**Decided**: the best row in FD; no other column names another."


def test_scores_with_a_unit_lead_by_a_difference(lines_of):
    best, *_ = lines_of(CLEAR, unit="bits")
    assert best == "**Best in FD ↓**: `a` (the next row: 1.01 bits worse)."


def test_rows_that_are_not_significantly_different_share_the_lead(lines_of):
    best, _, doubts = lines_of({"a": [1.0, 1.3], "b": [1.2, 1.1], "c": [50.0, 52.0]})
    assert best.startswith("**Best in FD ↓**: `a`, `b` (the next row: ")
    assert doubts == "**Not decided**: the order of `a`, `b`."


def test_one_seed_decides_nothing(lines_of):
    best, _, doubts = lines_of({"a": [1.0], "b": [2.0]})
    assert "not known" in best
    assert doubts == "**Not decided**: the best row, for lack of rows or seeds to compare."


def test_a_copier_is_named_and_leads_nothing(lines_of):
    near = {"a": 0.5}
    best, copies, _ = lines_of(CLEAR, near)
    assert best.startswith("**Best in FD ↓ of rows without ‡**: `b` (")
    assert copies.endswith("held-out ones are): `a`.")
    assert lines_of(CLEAR, {})[1].startswith("**Copies**: no row is closer")


def test_autoencoders_with_the_same_leader_are_named_together(lines_of):
    rows = {
        f"{name} with {autoencoder}": values
        for name, values in CLEAR.items()
        for autoencoder in ("ae", "vae")
    }
    turned = {f"{name} with rae": CLEAR[other] for name, other in zip("abc", "bac", strict=True)}
    best, *_ = lines_of(rows | turned)
    assert best == (
        "**Best in FD ↓**: `a` with `ae`, `vae` (the next row: 2 times the best score); "
        "`b` with `rae` (the next row: 2 times the best score)."
    )
    assert lines_of(rows)[0].startswith("**Best in FD ↓**: `a` with all 2 autoencoders (")


def test_columns_that_name_another_winner_leave_a_doubt(lines_of):
    other = {"a": [3.0] * 3, "b": [2.0] * 3, "c": [1.0] * 3}
    *_, doubts = lines_of(CLEAR, other=other)
    assert doubts == "**Not decided**: the winner by all columns, which name different ones."


def test_long_lists_are_counted(lines_of):
    rows = {f"s{number}": [1.0 + number / 1000, 1.1 - number / 1000] for number in range(9)}
    best, *_ = lines_of(rows)
    assert best.split(": ")[1].count("`") == 2 * 4
    assert ", 5 more, and no row is significantly worse." in best
