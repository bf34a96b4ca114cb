"""A causal transformer over a sequence of codes, in one pass or place by place."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from samplebench import LatentSpace
from samplebench_codes.code_network import CodeNetwork, Logits, Steps
from samplebench_codes.codes import Codes

Sequence = Float[Tensor, "samples places width"]
Heads = Float[Tensor, "samples heads places share"]
_INITIAL_STD = 0.02  # of weights, as in GPT-2


class TransformerNetwork(CodeNetwork):
    """Place t sees the codes at places before t, and which site and depth it is itself."""

    def __init__(
        self, space: LatentSpace, *, width: int, layers: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.space, self.attention_heads = space, heads
        self.embeddings = nn.ModuleList(nn.Embedding(size, width) for size in space.code_ranges)
        self.start = nn.Parameter(torch.empty(width))
        self.site_positions = nn.Parameter(torch.empty(space.sites, 1, width))
        self.depth_positions = nn.Parameter(torch.empty(space.code_width, width))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width, heads=heads, dropout=dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in space.code_ranges)
        self._initialise(layers)

    @property
    def numbers_a_sample(self) -> int:
        width, layers = len(self.start), len(self.blocks)
        places = self.space.sites * self.space.code_width
        # Keys and values of all layers, the memory of one block, and three tensors of logits.
        return places * (width * (2 * layers + 12) + 3 * max(self.space.code_ranges))

    def forward(self, codes: Codes) -> list[Logits]:
        hidden = self._compute_features(codes)
        return [head(hidden[:, :, depth]) for depth, head in enumerate(self.heads)]

    def step_through(self, count: int) -> Steps:
        return TransformerSteps(self, count)

    def recompute_logits(
        self, codes: Codes, *, site: int, depth: int
    ) -> Float[Tensor, "samples choices"]:
        logits: Tensor = self.heads[depth](
            self._compute_features(codes[:, : site + 1])[:, -1, depth]
        )
        return logits

    def embed(self, codes: Tensor, depth: int) -> Tensor:
        """Look up the vectors of codes of one depth."""
        vectors: Tensor = self.embeddings[depth](codes)
        return vectors

    def _compute_features(self, codes: Codes) -> Float[Tensor, "samples sites depths width"]:
        """Compute the features of each place from the codes before it.

        The codes may be those of the first sites only.
        """
        samples, sites, depths = codes.shape
        vectors = [self.embed(codes[..., depth], depth) for depth in range(depths)]
        known = torch.stack(vectors, 2).flatten(1, 2)  # (samples, places, width)
        start = self.start.expand(samples, 1, -1)
        positions = self.site_positions[:sites] + self.depth_positions
        stream = torch.cat([start, known[:, :-1]], 1) + positions.flatten(0, 1)
        stream = self.dropout(stream)
        for block in self.blocks:
            stream = block(stream)
        hidden: Tensor = self.norm(stream)
        return hidden.reshape(samples, sites, depths, hidden.shape[2])

    def _initialise(self, layers: int) -> None:
        """Draw weights as GPT-2 does: smaller where a block ends, so that sums keep their size."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "norm" not in name:
                ends = name.endswith((".out.weight", ".shrink.weight"))
                nn.init.normal_(
                    parameter, std=_INITIAL_STD / (2 * layers) ** 0.5 if ends else _INITIAL_STD
                )


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + MLP(norm(x))``."""

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropped_share = heads, dropout
        self.norm_before_attention = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_before_mlp = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.shrink = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, stream: Sequence) -> Sequence:
        """Let every place attend to itself and those before it."""
        queries, keys, values = self._project(stream)
        share = self.dropped_share if self.training else 0.0
        seen = functional.scaled_dot_product_attention(
            queries, keys, values, dropout_p=share, is_causal=True
        )
        return self._add_attention(stream, seen)

    def step(self, stream: Sequence, memory: "Memory", place: int) -> Sequence:
        """Let one place, (samples, 1, width), attend to itself and those before it in memory."""
        queries, keys, values = self._project(stream)
        memory.keys[:, :, place : place + 1] = keys
        memory.values[:, :, place : place + 1] = values
        seen = functional.scaled_dot_product_attention(
            queries, memory.keys[:, :, : place + 1], memory.values[:, :, : place + 1]
        )
        return self._add_attention(stream, seen)

    def _project(self, stream: Sequence) -> tuple[Heads, Heads, Heads]:
        joint = self.queries_keys_values(self.norm_before_attention(stream))
        parts = joint.unflatten(2, (3, self.heads, stream.shape[2] // self.heads)).permute(
            2, 0, 3, 1, 4
        )
        queries, keys, values = parts.unbind(0)
        return queries, keys, values

    def _add_attention(self, stream: Sequence, seen: Heads) -> Sequence:
        stream = stream + self.dropout(self.out(seen.transpose(1, 2).flatten(2)))
        wide = functional.gelu(self.widen(self.norm_before_mlp(stream)))
        added: Tensor = self.dropout(self.shrink(wide))
        return stream + added


class Memory:
    """The keys and values of one block at all places, filled in place by place."""

    def __init__(self, shape: tuple[int, int, int, int], like: Tensor) -> None:
        self.keys = like.new_empty(shape)
        self.values = like.new_empty(shape)


class TransformerSteps(Steps):
    """A pass that computes each place once, and keeps the keys and values of those before it."""

    def __init__(self, network: TransformerNetwork, count: int) -> None:
        self.network = network
        width, places = len(network.start), network.space.sites * network.space.code_width
        heads = network.attention_heads
        self.memories = [
            Memory((count, heads, places, width // heads), network.start) for _ in network.blocks
        ]

    def logits(self, codes: Codes, *, site: int, depth: int) -> Float[Tensor, "samples choices"]:
        network, depths = self.network, codes.shape[2]
        place = site * depths + depth
        stream = self._embed_previous(codes, place)
        stream = stream + network.site_positions[site] + network.depth_positions[depth]
        for block, memory in zip(network.blocks, self.memories, strict=True):
            assert isinstance(block, Block)
            stream = block.step(stream, memory, place)
        logits: Tensor = network.heads[depth](network.norm(stream[:, 0]))
        return logits

    def _embed_previous(self, codes: Codes, place: int) -> Sequence:
        """Embed the code before this place, (samples, 1, width)."""
        if place == 0:
            return self.network.start.expand(len(codes), 1, -1)
        site, depth = divmod(place - 1, codes.shape[2])
        return self.network.embed(codes[:, site, depth], depth)[:, None]
