"""The gated PixelCNN over a map of codes, in one pass or site by site."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from samplebench import LatentSpace
from samplebench_codes.code_network import CodeNetwork, Logits, Steps
from samplebench_codes.codes import Codes

Map = Float[Tensor, "samples width _ _"]
Wide = Float[Tensor, "samples twice_the_width _ _"]


class PixelCNNNetwork(CodeNetwork):
    """A vertical stack sees the rows above a site, a horizontal one the sites to its left.

    The maps that enter the stacks are shifted by one row and by one column, so no layer needs a
    mask: all may see their own place.
    """

    def __init__(self, space: LatentSpace, *, width: int, layers: int, kernel: int) -> None:
        super().__init__()
        self.space, self.width, self.reach = space, width, kernel // 2
        sizes = space.code_ranges
        self.embeddings = nn.ModuleList(nn.Embedding(size, width) for size in sizes)
        self.layers = nn.ModuleList(GatedLayer(width, kernel=kernel) for _ in range(layers))
        self.mixers = nn.ModuleList(nn.Linear(width, width) for _ in sizes)
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    @property
    def numbers_a_sample(self) -> int:
        # The maps of one layer of both stacks, and three tensors of logits.
        return self.space.sites * (16 * self.width + 3 * sum(self.space.code_ranges))

    def forward(self, codes: Codes) -> list[Logits]:
        features = self._compute_features(codes)
        return [self.compute_logits(features, codes, depth) for depth in range(codes.shape[2])]

    def step_through(self, count: int) -> Steps:
        return PixelCNNSteps(self, count)

    def recompute_logits(
        self, codes: Codes, *, site: int, depth: int
    ) -> Float[Tensor, "samples choices"]:
        columns = self.space.grid[1]
        seen = codes[:, : (site // columns + 1) * columns]  # no row below
        return self.compute_logits(self._compute_features(seen), seen, depth)[:, site]

    def embed(self, codes: Codes) -> Float[Tensor, "samples sites width"]:
        """Embed sites as vectors, sums over their codes."""
        vectors = [table(codes[..., depth]) for depth, table in enumerate(self.embeddings)]
        return torch.stack(vectors).sum(0)

    def compute_logits(
        self, features: Float[Tensor, "samples sites width"], codes: Codes, depth: int
    ) -> Logits:
        """Compute the logits at one depth, from the features and the codes at depths before."""
        hidden = features
        for earlier in range(depth):
            hidden = hidden + self.embeddings[earlier](codes[..., earlier])
        logits: Tensor = self.heads[depth](self.mixers[depth](hidden.relu()).relu())
        return logits

    def _compute_features(self, codes: Codes) -> Float[Tensor, "samples sites width"]:
        """Compute the features of each site from the sites before it.

        The codes may be those of the first rows only.
        """
        columns = self.space.grid[1]
        vectors = self.embed(codes).transpose(1, 2)  # (samples, width, sites)
        sites = vectors.reshape(*vectors.shape[:2], codes.shape[1] // columns, columns)
        down = functional.pad(sites, (0, 0, 1, 0))[:, :, :-1]
        right = functional.pad(sites, (1, 0))[..., :-1]
        for layer in self.layers:
            assert isinstance(layer, GatedLayer)
            down, from_above = layer.down(functional.pad(down, (0, 0, self.reach, 0)))
            right = layer.along(functional.pad(right, (self.reach, 0)), from_above)
        return right.flatten(2).transpose(1, 2)


class GatedLayer(nn.Module):
    """One layer of both stacks.

    ``tanh(a) ⊙ σ(b)`` of two halves of a convolution; the horizontal half also takes the vertical
    convolution, and has a residual connection.
    """

    def __init__(self, width: int, *, kernel: int) -> None:
        super().__init__()
        self.reach = kernel // 2
        self.vertical = nn.Conv2d(
            width, 2 * width, (self.reach + 1, kernel), padding=(0, self.reach)
        )
        self.across = nn.Conv2d(2 * width, 2 * width, 1)
        self.horizontal = nn.Conv2d(width, 2 * width, (1, self.reach + 1))
        self.out = nn.Conv2d(width, width, 1)

    def down(self, rows: Map) -> tuple[Map, Wide]:
        """Apply the vertical stack; return its output and its input to the horizontal one.

        ``rows`` have as many additional rows above as the layer reaches.
        """
        convolved = self.vertical(rows)
        return gate(convolved), self.across(convolved)

    def along(self, columns: Map, from_above: Wide) -> Map:
        """Apply the horizontal stack.

        ``columns`` have as many additional columns on the left as the layer reaches.
        """
        change: Tensor = self.out(gate(self.horizontal(columns) + from_above))
        return columns[..., self.reach :] + change


def gate(features: Wide) -> Map:
    """Compute ``tanh(a) ⊙ σ(b)`` of the two halves."""
    signal, opening = features.chunk(2, 1)
    return signal.tanh() * opening.sigmoid()


class PixelCNNSteps(Steps):
    """A pass that computes each row of the vertical stack, and each site of the other, once.

    It keeps as much of the input of every layer as the layer reaches back.
    """

    def __init__(self, network: PixelCNNNetwork, count: int) -> None:
        self.network = network
        self.blank = next(network.parameters()).new_zeros(count, network.width, 1, 1)
        columns = network.space.grid[1]
        self.rows = [self.blank.repeat(1, 1, network.reach + 1, columns) for _ in network.layers]
        self.left: list[Tensor] = []
        self.from_above: list[Tensor] = []
        self.features = self.blank

    def logits(self, codes: Codes, *, site: int, depth: int) -> Float[Tensor, "samples choices"]:
        row, column = divmod(site, self.network.space.grid[1])
        if depth == 0:
            if column == 0:
                self._start_row(codes, row)
            self._advance(codes, site, column)
        features = self.features.flatten(2).transpose(1, 2)  # (samples, 1, width)
        return self.network.compute_logits(features, codes[:, site : site + 1], depth)[:, 0]

    def _start_row(self, codes: Codes, row: int) -> None:
        """Apply the vertical stack at this row, to the codes above it."""
        columns = self.network.space.grid[1]
        above = codes[:, max(0, row - 1) * columns : row * columns]
        down = self._embed_row(above) if row else self.blank.expand(-1, -1, 1, columns)
        self.from_above, self.left = [], []
        for number, layer in enumerate(self.network.layers):
            assert isinstance(layer, GatedLayer)
            self.rows[number] = torch.cat([self.rows[number][:, :, 1:], down], 2)
            down, from_above = layer.down(self.rows[number])
            self.from_above.append(from_above)
            self.left.append(self.blank.repeat(1, 1, 1, self.network.reach + 1))

    def _advance(self, codes: Codes, site: int, column: int) -> None:
        """Apply the horizontal stack at this site, to its left neighbour and the other stack."""
        right = self._embed_row(codes[:, site - 1 : site]) if column else self.blank
        for number, layer in enumerate(self.network.layers):
            assert isinstance(layer, GatedLayer)
            self.left[number] = torch.cat([self.left[number][..., 1:], right], 3)
            from_above = self.from_above[number][..., column : column + 1]
            right = layer.along(self.left[number], from_above)
        self.features = right

    def _embed_row(self, codes: Codes) -> Map:
        """Embed a few sites of one row as the stacks take them, (samples, width, 1, sites)."""
        return self.network.embed(codes).transpose(1, 2)[:, :, None]
