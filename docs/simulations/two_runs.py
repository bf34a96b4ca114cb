"""Compare two runs of a suite: is the mean of each score in the other run's 95 % interval?

    OMP_NUM_THREADS=1 samplebench run --results one --workspace w1
    OMP_NUM_THREADS=2 samplebench run --results other --workspace w2
    python docs/simulations/two_runs.py one other digits

Another number of threads adds numbers in another order, as another machine does, and training
amplifies the difference. Costs are left out: threads are meant to change them.
"""

import argparse

import pandas as pd

import samplebench

KEYS = ["dataset", "autoencoder", "sampler", "score"]


def pair_scores(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Pair the scores of two boards that have an interval in both, without those of floors."""
    both = one.merge(other, on=KEYS, suffixes=("_one", "_other"))
    return both[(both.kind_one != "floor") & (both.n_one > 1) & (both.n_other > 1)]


def cover_each_other(pairs: pd.DataFrame) -> "pd.Series[bool]":
    """Say of each pair if each interval covers the mean of the other run."""
    first = (pairs.low_one <= pairs.mean_other) & (pairs.mean_other <= pairs.high_one)
    second = (pairs.low_other <= pairs.mean_one) & (pairs.mean_one <= pairs.high_other)
    return first & second


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("one", help="a folder of results")
    arguments.add_argument("other", help="the same suite, measured again")
    arguments.add_argument("suite")
    options = arguments.parse_args()
    tables = [
        samplebench.read_results(folder, options.suite).table()
        for folder in (options.one, options.other)
    ]
    quality = [table[table.subject != "cost"] for table in tables]
    pairs = pair_scores(*quality)
    covered = cover_each_other(pairs)
    equal = pairs.mean_one == pairs.mean_other
    print(f"{covered.sum()} of {len(pairs)} scores cover each other; {equal.sum()} are equal")
    print(pairs[~covered][[*KEYS, "mean_one", "mean_other"]].to_string(index=False))


if __name__ == "__main__":
    main()
