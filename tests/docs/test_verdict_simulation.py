"""The simulations of the pages: they test what boards do."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from samplebench.results.contest import Contest

FOLDER = Path(__file__).parents[2] / "docs" / "simulations"


@pytest.fixture(scope="module")
def verdicts():
    return runpy.run_path(str(FOLDER / "verdicts.py"))


@pytest.mark.parametrize("spreads", ["equal", "half 1, half 3"])
@pytest.mark.parametrize("lead", [0.0, 4.0])
def test_the_simulated_verdicts_are_those_of_boards(verdicts, spreads, lead):
    boards = verdicts["simulate"](25, 4, verdicts["SPREADS"][spreads], 1.0, lead)
    found = verdicts["find_by_blocked"](boards)
    for board, different in zip(boards, found, strict=True):
        scores = {row: dict(enumerate(held)) for row, held in enumerate(board.tolist())}
        ordered = np.argsort(board.mean(1))
        first = next((place for place, row in enumerate(ordered) if different[row]), len(ordered))
        assert Contest(scores, "lower").find_leaders() == set(ordered[:first].tolist())


def test_the_table_has_a_line_for_each_kind_of_board(verdicts):
    lines = verdicts["make_table"](20).splitlines()
    assert len(lines) == 2 + len(verdicts["SPREADS"]) * 3 * 3
    assert all(line.count("|") == 7 for line in lines)
