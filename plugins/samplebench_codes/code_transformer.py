"""A causal transformer over codes."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Discrete, Latents, LatentSpace
from samplebench.training import Budget, Schedule
from samplebench_codes.autoregression import Autoregression
from samplebench_codes.sharpening import Sharpening
from samplebench_codes.transformer_network import TransformerNetwork


class CodeTransformer(DensitySampler):
    """Draws each code given all those before it, by a causal transformer trained on the codes.

    Codes are one sequence c_1 … c_T, sites in raster order and at a site by depth:

        p(c) = Π_t p(c_t | c_1 … c_{t−1}),    p(c_t = k | …) ∝ exp(l_tk / temperature),

    where the logits l come from pre-norm blocks of attention and an MLP of four times the width.
    The input at place t is the embedding of c_{t−1}, from a table for each depth, plus learned
    embeddings of the site and the depth of t; each depth has a linear layer for its logits.
    Training minimises the mean of −log p(c_t | …) at temperature 1 by Adam at a constant rate, and
    keeps the weights of the epoch with the lowest loss on held-out latents. Drawing remembers the
    keys and values of earlier places, so no place is computed twice.

    Esser et al. draw one code a site in raster order, as here; Lee et al. give sites and depths a
    transformer each, where here they share one. Sizes and optimiser are ours.

    Args:
        width: of the embeddings; a multiple of heads.
        layers: blocks.
        heads: of the attention in each.
        dropout: the share of numbers that training drops, of embeddings, attention and blocks.
        epochs: of training, at most.
        batch: latents in a training step; their logits are batch × places × K numbers.
        learning_rate: of Adam.
        held_out: the share of latents that training holds out to stop early; at least one latent.
        patience: looks at them without a lower loss after which training stops; there is one an
            epoch, or a hundred in all where that is fewer.
        temperature: below 1 draws likely codes more often, above 1 less.
        top_k: draw from that many of the likeliest codes at each place; None for all. There is no
            density with it, since the other codes are impossible.

    Reference: Taming Transformers for High-Resolution Image Synthesis (Esser, Rombach and Ommer,
    2021), arXiv:2012.09841; Autoregressive Image Generation using Residual Quantization (Lee, Kim,
    Kim, Cho and Han, 2022), arXiv:2203.01941.
    """

    accepts = (Discrete,)

    def __init__(
        self,
        width: int = 128,
        layers: int = 4,
        heads: int = 4,
        dropout: float = 0.0,
        epochs: int = 50,
        batch: int = 128,
        learning_rate: float = 5e-4,
        held_out: float = 0.1,
        patience: int = 5,
        temperature: float = 1.0,
        top_k: int | None = None,
    ) -> None:
        for name, number in {"width": width, "layers": layers, "heads": heads}.items():
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        if width % heads:
            raise ValueError(f"width must be a multiple of heads, not {width} with {heads} heads")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {dropout}")
        self.width = width
        self.layers = layers
        self.heads = heads
        self.dropout = dropout
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.patience = patience
        self.temperature = temperature
        self.top_k = top_k
        budget = Budget(epochs=epochs, batch=batch, learning_rate=learning_rate)
        self._schedule = Schedule(budget, held_out, patience)
        self._sharpening = Sharpening(temperature, top_k)

    def fit(self, latents: Latents) -> None:
        """Train the transformer.

        Raises:
            ValueError: there are fewer than two latents.
        """
        self._law = Autoregression.learned(
            latents, self._network, self._schedule, self._sharpening
        )

    def sample(self, count: int) -> Latents:
        return self._law.sample(count)

    def sample_without_cache(self, count: int) -> Latents:
        """The same draws as ``sample``, computing every prefix anew: what the cache saves."""
        return self._law.sample(count, recompute=True)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return self._law.log_prob(latents)

    def no_density(self, space: LatentSpace) -> str | None:
        return self._sharpening.no_density(space)

    def diagnostics(self) -> Mapping[str, float]:
        """Training steps; the loss on held-out latents, in nats a code at temperature 1."""
        return self._law.found

    def state(self) -> Mapping[str, Tensor]:
        return self._law.state()

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._law = Autoregression.restored(space, state, self._network, self._sharpening)

    def _network(self, space: LatentSpace) -> TransformerNetwork:
        return TransformerNetwork(space, self.width, self.layers, self.heads, self.dropout)
