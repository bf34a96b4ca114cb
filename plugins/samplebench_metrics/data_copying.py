"""C_T, a test of whether draws are nearer to training samples than held-out samples are."""

from typing import Final, get_args

from jaxtyping import Int64
from torch import Tensor

from samplebench import Evidence, LatentSpace, Metric, Need, NoNumber, seeded
from samplebench.clusters import k_means
from samplebench.settings import at_least, one_of
from samplebench_metrics.compared import (
    Compared,
    Kind,
    compare,
    needs_of,
    objection_of,
    title_of,
)
from samplebench_metrics.copying import compute_z
from samplebench_metrics.neighbours import find_neighbours

_ROUNDS = 20

FEWEST: Final = 20
"""Draws and held-out samples in a cell, below which U is far from a normal distribution."""


class DataCopying(Metric):
    """The three-sample test C_T: how much nearer to training samples draws are than held-out ones.

    Training samples are clustered into ``cells`` by k-means. In each cell, Mann and Whitney's U
    compares the distances of draws to the nearest training sample of the cell with those of
    held-out samples, as a standard score Z. ``C_T = Σ P(π) Z(π) / Σ P(π)``, over the cells π with
    20 or more draws and held-out samples; P(π) is the share of held-out samples there. About 0 for
    draws of the true distribution, below 0 for draws nearer to training samples.

    It says nothing of why: a distribution that is merely narrower has a low C_T too, which
    grows with the number of samples. So it raises no alarm.

    Departs from the paper in asking for 20 of both samples, and ties count as halves.

    Args:
        cells: number of clusters.
        of: ``latents``, ``decoded`` samples, or their ``features`` in each extractor. Decoded ones
            are compared with at most 10,000 decoded training latents.

    Reference: A Non-Parametric Test to Detect Data-Copying in Generative Models (Meehan, Chaudhuri
    and Dasgupta, 2020), arXiv:2004.05675.
    """

    better = "higher"
    diagnostic = True

    def __init__(self, cells: int = 5, of: Kind = "decoded") -> None:
        at_least("cells", cells, 1)
        self.cells, self.of = cells, one_of("of", of, get_args(Kind))
        self.title = title_of("C_T", of)
        self.subject = "latents" if of == "latents" else "images"
        self.needs = needs_of(of) | {Need.SAMPLER}

    def refuses(self, space: LatentSpace) -> str | None:
        return objection_of(self.of, space)

    def measure(self, evidence: Evidence) -> float:
        these = compare(evidence, self.of)
        cell_of = _assign(these, self.cells)
        scores, weights = [], []
        for cell in range(self.cells):
            drawn, held_out, train = (
                samples[cells == cell]
                for samples, cells in zip(
                    (these.drawn, these.held_out, these.train), cell_of, strict=True
                )
            )
            if len(train) and min(len(drawn), len(held_out)) >= FEWEST:
                ours, theirs = (find_neighbours(some, train).first for some in (drawn, held_out))
                scores.append(compute_z(ours, theirs))
                weights.append(len(held_out))
        if not scores:
            raise NoNumber(f"no cell has {FEWEST} draws and as many held-out samples")
        return sum(z * weight for z, weight in zip(scores, weights, strict=True)) / sum(weights)


def _assign(these: Compared, cells: int) -> list[Int64[Tensor, " _"]]:
    """Number the cell of every draw, held-out and training sample."""
    with seeded(0, "data-copying cells"):
        try:
            centres, _ = k_means(these.train.float(), cells, _ROUNDS)
        except ValueError as reason:
            raise NoNumber(f"no {cells} cells: {reason}") from None
    samples = (these.drawn, these.held_out, these.train)
    return [find_neighbours(some, centres).nearest for some in samples]
