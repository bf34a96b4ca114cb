"""How latents spread in each dimension."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench_density.pieces import Chunk, Vectors, chunk_rows

Dimensions = Float[Tensor, " D"]


class Spread:
    """Least and greatest number, mean and standard deviation of each dimension, chunk by chunk.

    Sums of squares are taken about the mean of their chunk, and merged in float64: of the counts
    n and n′, means m and m′, and sums S and S′ of two sets of rows, those of their union are

        m + (m′ − m) n′ / (n + n′)   and   S + S′ + (m′ − m)² n n′ / (n + n′).

    Reference: Algorithms for computing the sample variance: analysis and recommendations (Chan,
    Golub and LeVeque, 1983), The American Statistician 37.
    """

    count: int = 0
    low: Dimensions
    high: Dimensions
    mean: Dimensions
    """float64, like the squares."""

    @classmethod
    def of(cls, vectors: Vectors) -> "Spread":
        """That of vectors which are all here."""
        spread = cls()
        rows = chunk_rows(vectors.shape[1], vectors.device)
        for _ in spread.watching(torch.split(vectors, rows)):
            pass
        return spread

    def watching(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks, each added before it is handed on."""
        for chunk in chunks:
            self.add(chunk)
            yield chunk

    def add(self, chunk: Chunk) -> None:
        """Take more rows into account."""
        low, high, mean = chunk.amin(0), chunk.amax(0), chunk.mean(0)
        squares = (chunk - mean).square_().sum(0).double()
        mean, count = mean.double(), len(chunk)
        if self.count == 0:
            self.low, self.high, self.mean, self._squares = low, high, mean, squares
        else:
            self.low, self.high = torch.minimum(self.low, low), torch.maximum(self.high, high)
            share, apart = count / (self.count + count), mean - self.mean
            self.mean = self.mean + share * apart
            self._squares = self._squares + squares + apart.square() * self.count * share
        self.count += count

    @property
    def deviations(self) -> Dimensions:
        """Standard deviations, dividing by n, float64; exactly 0 where nothing varies."""
        varies = self.low < self.high
        return torch.where(varies, (self._squares / self.count).sqrt(), 0.0)
