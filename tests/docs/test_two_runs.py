"""The comparison of two runs, on boards whose intervals are known."""

import runpy
from pathlib import Path

import pandas as pd

SCRIPT = Path(__file__).parents[2] / "docs" / "simulations" / "two_runs.py"
EMPTY = {"dataset": "d", "autoencoder": "a", "sampler": "s", "kind": "sampler", "n": 3}


def board(*means, reach=1.0):
    return pd.DataFrame(
        [
            EMPTY | {"score": str(place), "mean": mean, "low": mean - reach, "high": mean + reach}
            for place, mean in enumerate(means)
        ]
    )


def test_scores_cover_each_other_where_both_means_are_in_the_others_interval():
    script = runpy.run_path(str(SCRIPT))
    one, other = board(0.0, 0.0, 0.0), board(0.9, 1.1, -2.0)
    pairs = script["pair_scores"](one, other)
    assert script["cover_each_other"](pairs).tolist() == [True, False, False]
    narrow = script["pair_scores"](one, board(0.9, 0.2, 0.0, reach=0.5))
    assert script["cover_each_other"](narrow).tolist() == [False, True, True]


def test_floors_and_single_seeds_have_no_say():
    script = runpy.run_path(str(SCRIPT))
    one = board(0.0, 0.0, 0.0)
    one.loc[0, "kind"], one.loc[1, "n"] = "floor", 1
    assert script["pair_scores"](one, board(5.0, 5.0, 0.0)).score.tolist() == ["2"]
