"""The gated PixelCNN over codes."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Discrete, Latents, LatentSpace
from samplebench.training import Budget, Schedule
from samplebench_codes.autoregression import Autoregression
from samplebench_codes.pixelcnn_network import PixelCNNNetwork
from samplebench_codes.sharpening import Sharpening


class PixelCNN(DensitySampler):
    """Draws each code given those above and to the left, by a gated convolutional network.

    Sites come in raster order. In layer i, the vertical stack v of a site looks at the rows above
    it, the horizontal stack h at the sites to its left and at v:

        v_{i+1} = g(W_v * v_i),    h_{i+1} = h_i + W_o g(W_h * h_i + U (W_v * v_i)),
        g(a, b) = tanh(a) ⊙ σ(b),

    where v_1 and h_1 are sums of the embeddings of a site's codes. With r = layers · ⌊kernel / 2⌋,
    a site sees all those before it that are at most r + 1 up and r to the right; to the left,
    r + 1 in its own row and more above. The logits of depth d come from the last h, plus the
    embeddings of the site's own codes at depths before d, by one hidden layer; of each code then
    ``p(c_t = k | …) ∝ exp(l_tk / temperature)``. Training minimises the mean of −log p(c_t | …) at
    temperature 1 by Adam at a constant rate, and keeps the weights of the epoch with the lowest
    loss on held-out latents. Drawing computes each row and each site once.

    As in the paper, the vertical stack has no residual connections. Otherwise than there, the maps
    that enter the stacks are shifted instead of masked, so that all layers are alike and the first
    has its residual connection too; embeddings stand for the values of pixels, and depths for
    channels; nothing is conditioned on. Sizes and optimiser are ours.

    Args:
        width: of the features.
        layers: of both stacks.
        kernel: sites across the vertical convolutions; odd.
        epochs: of training, at most.
        batch: latents in a training step; their logits are batch × places × K numbers.
        learning_rate: of Adam.
        held_out: the share of latents that training holds out to stop early; at least one latent.
        patience: looks at them without a lower loss after which training stops; there is one an
            epoch, or a hundred in all where that is fewer.
        temperature: below 1 draws likely codes more often, above 1 less.
        top_k: draw from that many of the likeliest codes at each place; None for all. There is no
            density with it, since the other codes are impossible.

    Reference: Conditional Image Generation with PixelCNN Decoders (van den Oord, Kalchbrenner,
    Vinyals, Espeholt, Graves and Kavukcuoglu, 2016), arXiv:1606.05328.
    """

    accepts = (Discrete,)

    def __init__(
        self,
        width: int = 64,
        layers: int = 6,
        kernel: int = 5,
        epochs: int = 50,
        batch: int = 128,
        learning_rate: float = 1e-3,
        held_out: float = 0.1,
        patience: int = 5,
        temperature: float = 1.0,
        top_k: int | None = None,
    ) -> None:
        for name, number in {"width": width, "layers": layers}.items():
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        if kernel < 3 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and at least 3, not {kernel}")
        self.width = width
        self.layers = layers
        self.kernel = kernel
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

    def refuses(self, space: LatentSpace) -> str | None:
        return "needs a two-dimensional grid" if len(space.grid) != 2 else None

    def fit(self, latents: Latents) -> None:
        """Train the network.

        Raises:
            ValueError: there are fewer than two latents, or they are no maps.
        """
        if objection := self.objection(latents.space):
            raise ValueError(f"pixelcnn cannot learn latents of {latents.space}: it {objection}")
        self._law = Autoregression.learned(
            latents, self._network, self._schedule, self._sharpening
        )

    def sample(self, count: int) -> Latents:
        return self._law.sample(count)

    def sample_without_cache(self, count: int) -> Latents:
        """The same draws as ``sample``, computing all rows anew at each place: what it saves."""
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

    def _network(self, space: LatentSpace) -> PixelCNNNetwork:
        return PixelCNNNetwork(space, self.width, self.layers, self.kernel)
