"""Latents that come in batches."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import torch
from torch import Tensor

from samplebench import Form, Latents
from samplebench_density.vectors.chunks import Chunk, Vectors, chunk_rows

BLOCK_ROWS, BLOCK_NUMBERS = 2**20, 2**25
"""A block of vectors has no more."""


def concatenate(vectors: Sequence[Tensor]) -> Tensor:
    """Concatenate sets of vectors; return a single set without a copy."""
    return vectors[0] if len(vectors) == 1 else torch.cat(list(vectors))


class LatentBatches:
    """Batches of latents, read as vectors in chunks of one size, whatever the batches.

    So sums over chunks do not depend on how the latents were divided into batches.

    Raises:
        ValueError: there is no latent.
    """

    def __init__(self, batches: Iterable[Latents]) -> None:
        self._batches = batches
        self._rows: int | None = None
        coming = iter(batches)
        first = next((batch for batch in coming if len(batch)), None)
        if first is None:
            raise ValueError("a sampler needs at least one latent to learn from")
        self.form = Form.of(first)
        self._unread: Iterable[Latents] | None = chain([first], coming)

    def require_two_passes(self) -> None:
        """Make sure that the batches can be read twice.

        Raises:
            ValueError: they can be read only once.
        """
        if iter(self._batches) is self._batches:
            raise ValueError(
                "these batches can be read only once, and are needed twice: for the range "
                "of the bins, then for the bins; give a list, or an object whose __iter__ starts "
                "anew, or a range and numbers of bins that are fixed"
            )

    def whole(self, purpose: str) -> Vectors:
        """Return all latents at once, where they came as one batch.

        Raises:
            ValueError: they came in several; the message names the purpose.
        """
        if not isinstance(self._batches, Sequence) or len(self._batches) != 1:
            raise ValueError(
                f"{purpose} needs all latents at once: join the batches for `fit`, or choose "
                "another rule"
            )
        return self.form.vectors(self._batches[0])

    def chunks(self) -> Iterator[Chunk]:
        """Yield all vectors in order, in chunks of which only the last may be smaller.

        A chunk may share memory with the latents, and is valid only until the next is asked for.

        Raises:
            ValueError: the second pass does not yield as many as the first.
        """
        return self._cut(chunk_rows(self.form.dimensions, self.form.device))

    def blocks(self) -> Iterator[Chunk]:
        """Yield the same in chunks of ``BLOCK_ROWS`` or ``BLOCK_NUMBERS``.

        They are for callers that keep something of each: fewer and larger tensors than in a CPU's
        chunks.
        """
        return self._cut(max(1, min(BLOCK_ROWS, BLOCK_NUMBERS // self.form.dimensions)))

    def _cut(self, size: int) -> Iterator[Chunk]:
        batches, self._unread = self._unread or self._batches, None
        # Other sources may use the memory of a batch again for the next.
        kept = isinstance(self._batches, list | tuple)
        rows, waiting, waiting_rows = 0, list[Tensor](), 0
        for batch in batches:
            vectors = self.form.vectors(batch)
            rows, waiting_rows = rows + len(vectors), waiting_rows + len(vectors)
            if waiting_rows < size:
                waiting.append(vectors if kept else vectors.clone())
                continue
            whole = concatenate([*waiting, vectors])
            waiting_rows %= size
            full = len(whole) - waiting_rows
            yield from torch.split(whole[:full], size)
            rest = whole[full:] if kept else whole[full:].clone()
            waiting = [rest] if waiting_rows else []
            del whole, vectors, batch  # they must not stay in memory while the next one comes
        if waiting_rows:
            yield concatenate(waiting)
        if self._rows not in (None, rows):
            raise ValueError(
                f"the batches held {self._rows} latents in the first pass, and {rows} in the "
                "second; they must be the same"
            )
        self._rows = rows
