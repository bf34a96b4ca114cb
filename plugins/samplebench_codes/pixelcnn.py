"""The gated PixelCNN over codes."""

from samplebench import LatentSpace
from samplebench_codes.autoregressive_sampler import AutoregressiveSampler
from samplebench_codes.pixelcnn_network import PixelCNNNetwork


class PixelCNN(AutoregressiveSampler):
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

    As in the paper, the vertical stack has no residual connections. Unlike there, the maps that
    enter the stacks are shifted instead of masked, so that all layers are alike and the first has
    its residual connection too; embeddings stand for the values of pixels, and depths for
    channels; there is no conditioning. Sizes and optimiser are ours.

    Args:
        width: the number of features.
        layers: the number of layers of both stacks.
        kernel: the width of the vertical convolutions in sites; odd.
        epochs: the greatest number of training epochs.
        batch: latents in a training step; their logits are batch × places × K numbers.
        learning_rate: the learning rate of Adam.
        held_out: the share of latents that training holds out to stop early; at least one latent.
        patience: evaluations on them without a lower loss after which training stops; there is one
            an epoch, or a hundred in all where that is fewer.
        temperature: a value below 1 draws likely codes more often, above 1 less.
        top_k: the number of likeliest codes that are drawn from at each place; None for all. The
            other codes are impossible.

    Reference: Conditional Image Generation with PixelCNN Decoders (van den Oord, Kalchbrenner,
    Vinyals, Espeholt, Graves and Kavukcuoglu, 2016), arXiv:1606.05328.
    """

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
        super().__init__(
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            held_out=held_out,
            patience=patience,
            temperature=temperature,
            top_k=top_k,
        )
        self.width = width
        self.layers = layers
        self.kernel = kernel

    def refuses(self, space: LatentSpace) -> str | None:
        if len(space.grid) != 2:
            return "needs a two-dimensional grid"
        return super().refuses(space)

    def build_network(self, space: LatentSpace) -> PixelCNNNetwork:
        return PixelCNNNetwork(space, width=self.width, layers=self.layers, kernel=self.kernel)
