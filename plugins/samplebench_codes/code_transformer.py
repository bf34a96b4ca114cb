"""A causal transformer over codes."""

from samplebench import LatentSpace
from samplebench_codes.autoregressive_sampler import AutoregressiveSampler
from samplebench_codes.transformer_network import TransformerNetwork


class CodeTransformer(AutoregressiveSampler):
    """Draws each code given all those before it, by a causal transformer trained on the codes.

    Codes are one sequence c_1 … c_T, sites in raster order and at a site by depth:

        p(c) = Π_t p(c_t | c_1 … c_{t−1}),    p(c_t = k | …) ∝ exp(l_tk / temperature),

    where the logits l come from pre-norm blocks of attention and an MLP of four times the width.
    The input at place t is the embedding of c_{t−1}, from a table for each depth, plus learned
    embeddings of the site and the depth of t; each depth has a linear layer for its logits.
    Training minimises the mean of −log p(c_t | …) at temperature 1 by Adam at a constant rate, and
    keeps the weights of the epoch with the lowest loss on held-out latents. Drawing keeps the
    keys and values of earlier places, so no place is computed twice.

    Esser et al. draw one code a site in raster order, as here; Lee et al. have one transformer for
    the sites and one for the depths, where here they share one. Sizes and optimiser are ours.

    Args:
        width: the width of the embeddings; a multiple of heads.
        layers: the number of blocks.
        heads: the attention heads of a block.
        dropout: the share of numbers that training drops, of embeddings, attention and blocks.
        epochs: the greatest number of training epochs.
        batch: latents in a training step; their logits are batch × places × K numbers.
        learning_rate: the learning rate of Adam.
        held_out: the share of latents that training holds out to stop early; at least one latent.
        patience: evaluations on them without a lower loss after which training stops; there is one
            an epoch, or a hundred in all where that is fewer.
        temperature: a value below 1 draws likely codes more often, above 1 less.
        top_k: the number of likeliest codes that are drawn from at each place; None for all. The
            other codes are impossible.

    Reference: Taming Transformers for High-Resolution Image Synthesis (Esser, Rombach and Ommer,
    2021), arXiv:2012.09841; Autoregressive Image Generation using Residual Quantization (Lee, Kim,
    Kim, Cho and Han, 2022), arXiv:2203.01941.
    """

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
        self.heads = heads
        self.dropout = dropout

    def build_network(self, space: LatentSpace) -> TransformerNetwork:
        return TransformerNetwork(
            space, width=self.width, layers=self.layers, heads=self.heads, dropout=self.dropout
        )
