"""Statistics of copying: how near draws are to training samples, next to held-out samples.

None of them is a metric: ``near_copies``, ``closeness``, ``c_t`` and those of authenticity are.
"""

import math
from typing import Final

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from samplebench_metrics.neighbours import Neighbours, find_neighbours

Drawn = Float[Tensor, "drawn dimensions"]
HeldOut = Float[Tensor, "held_out dimensions"]
Train = Float[Tensor, "train dimensions"]

CONFIDENCE: Final = 0.99
"""The confidence of the lower bounds of shares."""

_EXACT = 1e-3
"""A distance below this share of what held-out samples have makes a copy in any case."""


def find_near_copies(
    drawn: Drawn, held_out: HeldOut, train: Train
) -> tuple[Bool[Tensor, " drawn"], Bool[Tensor, " held_out"]]:
    """Find the samples that are less than half as far from a training sample as from all others.

    ``d1/d2 < 1/2``, with the distances to the two nearest training samples. Where these are equal
    to each other, as duplicates are, d1 of a copy is also nearly zero: below a thousandth of the
    median d1 of held-out samples.

    Near a training sample, the share of a smooth distribution is about 2^-D in D dimensions,
    whatever the density is there.
    """
    ours, theirs = (find_neighbours(samples, train) for samples in (drawn, held_out))
    tiny = _EXACT**2 * theirs.first.median()
    copies, others = (
        (each.first < each.second / 4) | (each.first <= tiny) for each in (ours, theirs)
    )
    return copies, others


def find_close(
    samples: Float[Tensor, "samples dimensions"], train: Train
) -> Bool[Tensor, " samples"]:
    """Find the samples no farther from a training sample than that is from its own neighbour.

    With t the training sample nearest to g and t′ the one nearest to t among the others, g is
    close if ``|g − t| ≤ |t − t′|``; otherwise it is authentic.
    """
    return _find_close(find_neighbours(samples, train), train)


def _find_close(
    found: Neighbours, points: Float[Tensor, "points dimensions"]
) -> Bool[Tensor, " samples"]:
    """Compare the distance to the nearest point with that from there to the next point."""
    parents, parent = torch.unique(found.nearest, return_inverse=True)
    spacing = find_neighbours(points[parents], points, excluded=parents).first
    return found.first <= spacing[parent]


def bound_excess(drawn: Bool[Tensor, " drawn"], held_out: Bool[Tensor, " held_out"]) -> float:
    """Bound from below the excess of the share of draws over that of held-out samples.

    The excess is ``(p − q) / (1 − q)`` of the two shares: with a share s of copies among draws
    that are else like held-out samples, it is s. Clopper and Pearson's bounds, of p from below and
    of q from above, share the error equally. Never below 0.

    Reference: The use of confidence or fiducial limits illustrated in the case of the binomial
    (Clopper and Pearson, 1934), Biometrika 26(4).
    """
    from scipy.special import betaincinv

    error = (1 - CONFIDENCE) / 2
    hits, count = int(drawn.sum()), len(drawn)
    others, of = int(held_out.sum()), len(held_out)
    low = float(betaincinv(hits, count - hits + 1, error)) if hits else 0.0
    high = float(betaincinv(others + 1, of - others, 1 - error)) if others < of else 1.0
    return (low - high) / (1 - high) if low > high else 0.0


def bound_attachment(drawn: Drawn, held_out: HeldOut, train: Train) -> float:
    """Bound from below the share of draws that are close to a training sample where they would not
    be to a held-out one in its place.

    Training and held-out samples are put together. Of the draws that are close to one of these
    (``find_close``), a share ``r = N / (N + M)`` has a training sample there by chance, if draws
    know nothing of which samples were for training: whatever their distribution is. With k draws
    close to training samples, K to any, and n in all, the excess is ``(k − rK) / (1 − r) / n``.
    If the N labels are dealt at random, k has the variance
    ``r (1 − r) (Σ c² − K² / (N + M)) (N + M) / (N + M − 1)``, where c counts the draws close to
    each sample; the bound takes its distribution to be normal. Never below 0.
    """
    from scipy.special import ndtri

    both = torch.cat([train, held_out])
    found = find_neighbours(drawn, both)
    close = _find_close(found, both)
    counts = torch.bincount(found.nearest[close], minlength=len(both)).double()
    size, share, total = len(both), len(train) / len(both), float(counts.sum())
    variance = (
        share * (1 - share) * (float(counts.square().sum()) - total**2 / size) * size / (size - 1)
    )
    excess = float(counts[: len(train)].sum()) - share * total
    low = excess - float(ndtri(CONFIDENCE)) * math.sqrt(max(0.0, variance))
    return max(0.0, low / (1 - share) / len(drawn))


def compute_z(drawn: Float64[Tensor, " drawn"], held_out: Float64[Tensor, " held_out"]) -> float:
    """Compute Mann and Whitney's U of two sets of numbers, as a standard score.

    U counts the pairs in which the draw's number is greater, ties as halves:
    ``Z = (U − mn/2) / √(mn (m + n + 1) / 12)``.

    Reference: On a Test of Whether one of Two Random Variables is Stochastically Larger than the
    Other (Mann and Whitney, 1947), Annals of Mathematical Statistics 18(1).
    """
    m, n = len(drawn), len(held_out)
    ordered = held_out.sort().values
    below, up_to = (torch.searchsorted(ordered, drawn, right=right) for right in (False, True))
    u = float((below + up_to).sum()) / 2
    return (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
