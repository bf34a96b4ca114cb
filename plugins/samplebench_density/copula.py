"""The empirical beta copula with smooth margins."""

import math
from collections.abc import Iterator, Mapping

import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor
from torch.distributions import Gamma

from samplebench import Continuous, DensitySampler, Form, Latents, LatentSpace
from samplebench_density.kernels.log_sums import Terms, log_sums, split_terms
from samplebench_density.margins.ranks import rank_rows
from samplebench_density.margins.tabulated import Margins
from samplebench_density.vectors.chunks import Vectors, chunk_rows

SORTED = 2**22
"""The number of numbers that are sorted at a time."""


class Copula(DensitySampler):
    """Draws the ranks of a training latent, blurs them as ranks vary by chance, and maps them to
    values by each dimension's smooth distribution.

    With R_ij the rank of latent i in dimension j, among 1 … n,

        draw i uniformly, u_j ~ Beta(R_ij, n + 1 − R_ij) and x_j = F_j⁻¹(u_j);
        p(x) = c(F_1(x_1), …, F_D(x_D)) Π_j F_j′(x_j),
        c(u) = Σ_i Π_j β(u_j; R_ij, n + 1 − R_ij) / n

    with β the density of the beta distribution. c is a copula: each u_j is uniform, so the
    margins are exactly the F_j, here kernel density estimates by Silverman's rule,
    tabulated; see ``Margins``. Four bandwidths beyond the outermost latents they end in
    Gaussian tails, so every latent has a finite density, however far out it is. These margins, and
    that equal numbers are ranked at random, are choices of ours. β blurs u by about
    √(u (1 − u) / n): with many dimensions a draw stays near the latent whose ranks it has, and
    held-out latents are unlikely. Where a dimension never varies, draws have its number, and the
    density is that of the other dimensions, 0 for a latent that has another number there. Grids
    of sites are one vector.

    Reference: The empirical beta copula (Segers, Sibuya and Tsukahara, 2017), Journal of
    Multivariate Analysis 155, arXiv:1607.04430.
    """

    accepts = (Continuous,)

    def fit(self, latents: Latents) -> None:
        """Learn ranks and margins.

        Raises:
            ValueError: the latents are all equal.
        """
        form = Form.of(latents)
        vectors = form.vectors(latents)
        varies = vectors.amin(0) < vectors.amax(0)
        if not varies.any():
            raise ValueError(f"all {len(vectors)} latents are equal, and have no ranks")
        self._form, self._varies = form, varies.nonzero().squeeze(1)
        self._first = vectors[0].clone()
        self._ranks, self._margins = _learn(vectors, self._varies)

    def sample(self, count: int) -> Latents:
        rows = torch.randint(len(self._ranks), (count,), device=self._form.device)
        size = chunk_rows(len(self._varies), self._form.device)
        return self._form.latents(
            torch.cat([self._draw_points(some) for some in torch.split(rows, size)])
        )

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """Compute the log density, by a matrix product over all training latents.

        ``log β(u; R, n + 1 − R) = (R − 1) logit u + (n − 1) log (1 − u) − log B(R, n + 1 − R)``.
        """
        vectors = self._form.vectors(latents)
        logs = self._margins.logs(vectors[:, self._varies].double().mT.contiguous())
        logits = (logs.below - logs.above).mT
        sums = log_sums(torch.cat([logits, torch.ones_like(logits[:, :1])], 1), self._terms())
        others = len(self._ranks) - 1
        found = sums - math.log(others + 1) + (others * logs.above + logs.density).sum(0)
        differs = vectors != self._first
        differs[:, self._varies] = False
        return found.masked_fill_(differs.any(1), -torch.inf)

    def diagnostics(self) -> Mapping[str, float]:
        """The bandwidth of a margin over the range of its latents, averaged over dimensions that
        vary.
        """
        margins = self._margins
        shares = margins.bandwidth / (margins.last - margins.first)
        return {"margin_bandwidth": float(shares.mean())}

    def state(self) -> Mapping[str, Tensor]:
        return {
            **self._form.state(),
            **self._margins.state(),
            "ranks": self._ranks,
            "varies": self._varies,
            "anyone": self._first,
        }

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form, self._margins = Form.restored(space, state), Margins.from_state(state)
        self._ranks, self._varies = state["ranks"], state["varies"]
        self._first = state["anyone"]

    def _draw_points(self, rows: Int64[Tensor, " count"]) -> Float[Tensor, "count D"]:
        """Draw a point for each of these latents."""
        ranks = self._ranks[rows].double()
        heights = _draw_beta(ranks, len(self._ranks) + 1 - ranks)
        points = self._first.repeat(len(rows), 1)
        found = self._margins.quantiles(heights.mT.contiguous()).mT
        points[:, self._varies] = found.to(points)
        return points

    def _terms(self) -> Iterator[Terms]:
        """Yield ``R − 1`` and ``−Σ_j log B(R_j, n + 1 − R_j)`` of the latents, in pieces."""
        count = len(self._ranks)
        for piece in split_terms(self._ranks):
            ranks = piece.double()
            volumes = ranks.lgamma() + (count + 1 - ranks).lgamma() - math.lgamma(count + 1)
            yield torch.cat([ranks - 1, -volumes.sum(1, keepdim=True)], 1)


def _learn(
    vectors: Vectors, varies: Int64[Tensor, " varying"]
) -> tuple[Int32[Tensor, "n varying"], Margins]:
    """Learn ranks and margins of these dimensions, some at a time."""
    ranks = torch.empty(len(vectors), len(varies), device=vectors.device, dtype=torch.int32)
    margins = []
    step = max(1, SORTED // len(vectors))
    for some, theirs in zip(torch.split(varies, step), torch.split(ranks, step, 1), strict=True):
        ordered, found = rank_rows(vectors[:, some].mT.contiguous())
        theirs.copy_(found.mT)
        margins.append(Margins.of(ordered))
    return ranks, Margins.join(margins)


def _draw_beta(
    a: Float[Tensor, "count D"], b: Float[Tensor, "count D"]
) -> Float[Tensor, "count D"]:
    """Draw from Beta(a, b), strictly inside (0, 1)."""
    one, other = (Gamma(shape, torch.ones_like(shape), validate_args=False) for shape in (a, b))
    part = one.sample()
    least = torch.finfo(part.dtype).eps
    return part.div_(part + other.sample()).clamp_(least, 1 - least)
