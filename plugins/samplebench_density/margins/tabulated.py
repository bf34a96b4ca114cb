"""Smooth distributions of single dimensions, tabulated."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

CELLS = 2**12
"""Cells of a table."""
REACH = 4
"""Bandwidths by which a table reaches beyond the outermost latents."""
FLOOR = 1e-14
"""The minimum probability of a cell, in gaps between latents."""

Numbers = Float[Tensor, "D n"]


@dataclass(frozen=True, eq=False)
class Logs:
    """``log F(x)``, ``log (1 − F(x))`` and ``log F′(x)`` of numbers x and their distribution F."""

    below: Float[Tensor, "D n"]
    above: Float[Tensor, "D n"]
    density: Float[Tensor, "D n"]


@dataclass(frozen=True, eq=False)
class Margins:
    """For each dimension the kernel density estimate of its latents, as a histogram of fine cells.

    ``F(x) = Σ_i Φ((x − x_i) / h) / n``, linear inside each of ``CELLS`` cells between the latents
    x_1 ≤ … ≤ x_n, ``REACH`` · h to either side. Beyond, F is that of the outermost latent's
    kernel, ``Φ((x − x_1) / h) / n`` and its mirror image, so that every number has a density.
    A cell in a gap has at least the probability ``FLOOR``. Draws and densities are both of this
    F, exactly. All is float64.
    """

    first: Float[Tensor, "D 1"]
    last: Float[Tensor, "D 1"]
    bandwidth: Float[Tensor, "D 1"]
    cumulative: Float[Tensor, "D edges"]
    """F at the edges of the cells."""

    @classmethod
    def of(cls, ordered: Numbers) -> "Margins":
        """Estimate the margins of latents in ascending order, not all equal, by Silverman's rule.

        ``h = 0.9 min(s, Q / 1.34) n^(−1/5)`` with s the standard deviation and Q the interquartile
        range, or with s alone where Q is 0; but never less than a cell.

        Reference: Density estimation for statistics and data analysis (Silverman, 1986).
        """
        numbers = ordered.double()
        first, last, count = numbers[:, :1], numbers[:, -1:], numbers.shape[1]
        quartile = [numbers[:, round(share * (count - 1)), None] for share in (0.25, 0.75)]
        scale = numbers.std(1, keepdim=True, correction=0)
        quarters = (quartile[1] - quartile[0]) / 1.34
        scale = torch.where(quarters > 0, torch.minimum(scale, quarters), scale)
        # A cell is (last − first + 2 · REACH · h) / CELLS wide.
        finest = (last - first) / (CELLS - 2 * REACH)
        bandwidth = torch.maximum(0.9 * scale * count ** (-1 / 5), finest)
        start, width = _cells(first, last, bandwidth)
        edges = start + width * torch.arange(CELLS + 1, device=width.device)
        edges[:, -1:] = last + REACH * bandwidth
        shares = torch.searchsorted(numbers, edges).diff() / count
        steps = _smooth(shares, bandwidth / width).clamp_min_(FLOOR).cumsum(1)
        tail = _TAIL / count
        steps = torch.cat([torch.zeros_like(first), steps / steps[:, -1:]], 1)
        return cls(first, last, bandwidth, tail + (1 - 2 * tail) * steps)

    @classmethod
    def join(cls, margins: Sequence["Margins"]) -> "Margins":
        """Concatenate margins of different dimensions."""
        states = [margin.state() for margin in margins]
        return cls.from_state({name: torch.cat([s[name] for s in states]) for name in states[0]})

    def state(self) -> Mapping[str, Tensor]:
        """The tensors that ``from_state`` takes, for ``Sampler.state``."""
        return {
            "margin_first": self.first,
            "margin_last": self.last,
            "margin_bandwidth": self.bandwidth,
            "margin_cumulative": self.cumulative,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "Margins":
        """The margins that gave ``state``."""
        names = ("first", "last", "bandwidth", "cumulative")
        return cls(*(state[f"margin_{name}"] for name in names))

    def quantiles(self, heights: Numbers) -> Numbers:
        """Find the x with F(x) = height, for heights inside (0, 1)."""
        start, width = _cells(self.first, self.last, self.bandwidth)
        cells = torch.searchsorted(self.cumulative, heights, right=True).sub_(1)
        cells.clamp_(0, CELLS - 1)
        below, shares = self.cumulative.gather(1, cells), self._shares.gather(1, cells)
        inside = start + width * (cells + (heights - below) / shares)
        low = self.first + self.bandwidth * torch.special.ndtri(heights / self._weight)
        high = self.last - self.bandwidth * torch.special.ndtri((1 - heights) / self._weight)
        found = torch.where(heights < self.cumulative[:, :1], low, inside)
        return torch.where(heights > self.cumulative[:, -1:], high, found)

    def logs(self, numbers: Numbers) -> Logs:
        """Compute the logarithms of F, 1 − F and F′, also where these underflow."""
        start, width = _cells(self.first, self.last, self.bandwidth)
        steps = (numbers - start) / width
        cells = steps.clamp(0, CELLS - 1).long()
        shares = self._shares.gather(1, cells)
        heights = self.cumulative.gather(1, cells) + (steps - cells) * shares
        inside = Logs(heights.log(), (-heights).log1p(), (shares / width).log())
        low = self._tail_logs((numbers - self.first) / self.bandwidth)
        high = self._tail_logs((self.last - numbers) / self.bandwidth)
        high = Logs(high.above, high.below, high.density)  # the mirror image
        return Logs(
            *(
                torch.where(steps < 0, left, torch.where(steps > CELLS, right, middle))
                for left, middle, right in (
                    (low.below, inside.below, high.below),
                    (low.above, inside.above, high.above),
                    (low.density, inside.density, high.density),
                )
            )
        )

    def _tail_logs(self, distances: Numbers) -> Logs:
        """Compute those of the lower tail, at distances in bandwidths above the first latent."""
        below = torch.special.log_ndtr(distances) + self._weight.log()
        density = -0.5 * distances.square() - 0.5 * math.log(2 * math.pi)
        return Logs(below, (-below.exp()).log1p(), density + (self._weight / self.bandwidth).log())

    @property
    def _weight(self) -> Float[Tensor, "D 1"]:
        """The weight 1 / n of one latent's kernel."""
        return self.cumulative[:, :1] / _TAIL

    @property
    def _shares(self) -> Float[Tensor, "D cells"]:
        """The probability of each cell."""
        return self.cumulative.diff()


_TAIL = 0.5 * math.erfc(REACH / math.sqrt(2))
"""The probability of a kernel beyond ``REACH`` bandwidths, on one side."""


def _cells(
    first: Float[Tensor, "D 1"], last: Float[Tensor, "D 1"], bandwidth: Float[Tensor, "D 1"]
) -> tuple[Float[Tensor, "D 1"], Float[Tensor, "D 1"]]:
    """The start of the first cell, and the width of a cell."""
    return first - REACH * bandwidth, (last - first + 2 * REACH * bandwidth) / CELLS


def _smooth(
    shares: Float[Tensor, "D cells"], std: Float[Tensor, "D 1"]
) -> Float[Tensor, "D cells"]:
    """Add Gaussian noise with a std in units of cells to the shares of cells.

    By the noise's characteristic function, on a circle of twice as many cells, whose other half
    takes what leaves.
    """
    frequencies = torch.fft.rfftfreq(2 * CELLS, device=shares.device, dtype=shares.dtype)
    passed = (-2 * (math.pi * std * frequencies).square()).exp()
    smoothed: Tensor = torch.fft.irfft(torch.fft.rfft(shares, 2 * CELLS) * passed, 2 * CELLS)
    return smoothed[:, :CELLS]
