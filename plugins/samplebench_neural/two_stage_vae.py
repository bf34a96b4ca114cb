"""A second autoencoder, of the latents."""

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

from samplebench import Continuous, Latents, LatentSpace, Sampler
from samplebench_neural.learning import Law, Learned, Vectors, learn, schedule
from samplebench_neural.settings import require_layers

GAMMA = 0.3
"""What γ starts from. At 1, the deviation of the latents, training may stay where u means nothing.
"""


class TwoStageVAE(Sampler):
    """Draws from a second VAE, trained on the latents, with as many dimensions as they have.

    With z standardised in each dimension, u of as many dimensions D, encoder ``N(m(z), s(z)²)``,
    decoder d and one learned deviation γ, it minimises the mean over the latents of

        KL(N(m(z), s(z)²) ‖ N(0, I)) − E_u log N(z; d(u), γ² I),   u ~ N(m(z), s(z)²)

    with one draw of u for each z, and draws ``u ~ N(0, I)``, ``z ~ N(d(u), γ² I)``. Grids of sites
    are one vector. Its density is an integral over u with no closed form, so it states none.

    The paper trains the second VAE on draws from the first one's posterior; a sampler here sees
    what the autoencoder encodes, which for a VAE are the posterior's means. The paper leaves
    standardising, early stopping and the optimiser open: they are ours,
    as is the start of γ at 0.3 deviations of the latents.

    Args:
        hidden: units of each hidden layer of the encoder, in reverse of the decoder.
        steps: of training, at most, over which the learning rate falls to 0.
        batch: latents a step.
        learning_rate: Adam's.
        held_out: share of the latents, drawn at random, that training only looks at.
        patience: training stops when the held-out loss has not fallen for so many looks, of
            which there are a hundred at most.

    Reference: Diagnosing and Enhancing VAE Models (Dai and Wipf, 2019), arXiv:1903.05789.
    """

    accepts = (Continuous,)

    def __init__(
        self,
        hidden: tuple[int, ...] = (1024, 1024),
        steps: int = 6000,
        batch: int = 256,
        learning_rate: float = 1e-3,
        held_out: float = 0.1,
        patience: int = 20,
    ) -> None:
        require_layers(hidden)
        self._schedule = schedule(steps, batch, learning_rate, held_out, patience)
        self.hidden = hidden
        self.steps = steps
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.patience = patience

    def fit(self, latents: Latents) -> None:
        """Train the second VAE.

        Raises:
            ValueError: there are fewer than two latents, or they are all equal.
            TrainingDiverged: a loss was not finite.
        """
        self._learned = learn(latents, self._law, self._schedule)

    def sample(self, count: int) -> Latents:
        return self._learned.sample(count)

    def diagnostics(self) -> Mapping[str, float]:
        """Steps of training; 1 if held-out latents ended it before the last; a held-out latent's
        mean lower bound of its log-likelihood, in nats; γ, in standard deviations of the latents.
        """
        learned = self._learned
        volume = float(learned.standardising.log_volume)
        return {
            **learned.diagnostics,
            "held_out_bound": -learned.held_out - volume,
            "gamma": float(learned.law.log_gamma.detach().exp()),
        }

    def state(self) -> Mapping[str, Tensor]:
        return self._learned.state()

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._learned = Learned.restored(space, state, self._law)

    def _law(self, space: LatentSpace) -> "VAELaw":
        return VAELaw(space.sites * space.value_width, tuple(self.hidden))


class VAELaw(Law):
    """A VAE of standardised latents with as many dimensions as they have."""

    def __init__(self, dimensions: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.encoder = _mlp(dimensions, *hidden, 2 * dimensions)
        self.decoder = _mlp(dimensions, *reversed(hidden), dimensions)
        self.log_gamma = nn.Parameter(torch.tensor(math.log(GAMMA)))
        self.width = max(dimensions, *hidden)

    def loss(self, vectors: Vectors) -> Mapping[str, Tensor]:
        means, log_deviations = self.encoder(vectors).chunk(2, dim=1)
        squares = means.square() + (2 * log_deviations).exp()
        divergence = 0.5 * (squares - 1).sum(1) - log_deviations.sum(1)  # (samples,)
        codes = means + log_deviations.exp() * torch.randn_like(means)
        errors = (vectors - self.decoder(codes)) * (-self.log_gamma).exp()
        constant = vectors.shape[1] * (self.log_gamma + 0.5 * math.log(2 * math.pi))
        return {
            "divergence": divergence.mean(),
            "reconstruction": 0.5 * errors.square().sum(1).mean() + constant,
        }

    def drawn(self, noise: Vectors) -> Vectors:
        means: Tensor = self.decoder(noise)
        return means + self.log_gamma.exp() * torch.randn_like(means)


def _mlp(*widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
