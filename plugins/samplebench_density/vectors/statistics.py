"""Range, mean and standard deviation of each dimension."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.vectors.chunks import Chunk, Vectors, chunk_rows

PerDimension = Float[Tensor, " D"]


class Statistics:
    """Minimum, maximum, mean and standard deviation of each dimension, updated chunk by chunk.

    Sums of squares are taken about the mean of their chunk, and merged in float64: of the counts
    n and n′, means m and m′, and sums S and S′ of two sets of rows, those of their union are

        m + (m′ − m) n′ / (n + n′)   and   S + S′ + (m′ − m)² n n′ / (n + n′).

    Reference: Algorithms for computing the sample variance: analysis and recommendations (Chan,
    Golub and LeVeque, 1983), The American Statistician 37.
    """

    count: int = 0
    low: PerDimension
    high: PerDimension
    mean: PerDimension
    """float64, like the squares."""

    @classmethod
    def of(cls, vectors: Vectors) -> "Statistics":
        """The statistics of vectors that are all in memory."""
        statistics = cls()
        rows = chunk_rows(vectors.shape[1], vectors.device)
        for chunk in torch.split(vectors, rows):
            statistics.add(chunk)
        return statistics

    def add_each(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield the chunks, each after it has been added."""
        for chunk in chunks:
            self.add(chunk)
            yield chunk

    def add(self, chunk: Chunk) -> None:
        """Take more rows into account."""
        low, high, count = chunk.amin(0), chunk.amax(0), len(chunk)
        mean, squares = _compute_sums(chunk, torch.maximum(high, -low))
        if self.count == 0:
            self.low, self.high, self.mean, self._squares = low, high, mean, squares
        else:
            self.low, self.high = torch.minimum(self.low, low), torch.maximum(self.high, high)
            share, gap = count / (self.count + count), mean - self.mean
            self.mean = self.mean + share * gap
            self._squares = self._squares + squares + gap.square() * self.count * share
        self.count += count

    @property
    def std(self) -> PerDimension:
        """Standard deviations, dividing by n, float64; exactly 0 where nothing varies."""
        varies = self.low < self.high
        return torch.where(varies, (self._squares / self.count).sqrt(), 0.0)


def _compute_sums(
    chunk: Chunk, greatest: PerDimension
) -> tuple[Float[Tensor, " D"], Float[Tensor, " D"]]:
    """Compute the mean and the sum of squares about it, float64.

    In units of a power of two near the greatest absolute number of each dimension, which rounds
    nothing: in their own unit, squares of float32 numbers overflow from 2⁶⁴ and vanish below 2⁻⁷⁵.
    """
    most = 126 if chunk.dtype == torch.float32 else 1022
    exponents = torch.frexp(greatest).exponent.clamp_(-most, most).double()
    scaled = chunk * (-exponents).exp2().to(chunk)
    mean = scaled.mean(0)
    squares = scaled.sub_(mean).square_().sum(0)
    units = exponents.exp2()
    return mean * units, squares * units.square()
