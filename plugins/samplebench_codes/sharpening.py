"""Distributions of a code that are sharper or flatter than the network's."""

from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor

from samplebench_codes.drawing import choose_by_weight


@dataclass(frozen=True)
class Sharpening:
    """``p(c) ∝ exp(l_c / temperature)`` for logits l, over the ``top_k`` greatest of them.

    Raises:
        ValueError: the temperature is not positive, or there is no code to draw.
    """

    temperature: float
    top_k: int | None

    def __post_init__(self) -> None:
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"temperature must be positive and finite, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k must be at least 1, or None for all, not {self.top_k}")

    def log_probabilities(
        self, logits: Float[Tensor, "*rows choices"]
    ) -> Float[Tensor, "*rows choices"]:
        """Compute the distribution that ``draw`` draws from.

        Where logits at the edge of ``top_k`` are equal, all stay possible.
        """
        return self._sharpen(logits).log_softmax(-1)

    def draw(
        self, logits: Float[Tensor, "count choices"], places: Float[Tensor, " count"]
    ) -> Int64[Tensor, " count"]:
        """Choose one code a row, by a uniform draw for each."""
        probabilities = self._sharpen(logits).softmax(-1)
        return choose_by_weight(probabilities.double().cumsum(-1), places[:, None]).squeeze(1)

    def _sharpen(self, logits: Float[Tensor, "*rows choices"]) -> Float[Tensor, "*rows choices"]:
        # Relative to the greatest, so that no temperature makes a number too large.
        logits = (logits - logits.amax(-1, keepdim=True)) / self.temperature
        if self.top_k is None or self.top_k >= logits.shape[-1]:
            return logits
        least = logits.topk(self.top_k, dim=-1).values[..., -1:]
        return logits.masked_fill(logits < least, -float("inf"))
