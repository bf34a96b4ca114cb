"""A second variational autoencoder, of the latents."""

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

from samplebench import Continuous, Latents, LatentSpace, Sampler
from samplebench_neural.learning import Learned, Model, Vectors, build_schedule, learn
from samplebench_neural.settings import require_layers

GAMMA = 0.3
"""The start of γ. At 1, the std of the latents, training may stay where d ignores u."""


class TwoStageVAE(Sampler):
    """Draws from a second VAE, trained on the latents, with as many dimensions as they have.

    With z standardised in each dimension, u of as many dimensions D, encoder ``N(m(z), s(z)²)``,
    decoder d and one learned std γ, it minimises the mean over the latents of

        KL(N(m(z), s(z)²) ‖ N(0, I)) − E_u log N(z; d(u), γ² I),   u ~ N(m(z), s(z)²)

    with one draw of u for each z, and draws ``u ~ N(0, I)``, ``z ~ N(d(u), γ² I)``. Grids of sites
    are one vector. Its density is an integral over u with no closed form, so it states none.

    The paper trains the second VAE on draws from the first one's posterior; a sampler here sees
    the encoded latents, which for a VAE are the posterior's means. The paper leaves standardising,
    early stopping and the optimiser open: they are ours, as is the start of γ at 0.3 standard
    deviations of the latents.

    Args:
        hidden: the units of each hidden layer of the encoder, and in reverse of the decoder.
        steps: the greatest number of training steps, over which the learning rate falls to 0.
        batch: latents in a training step.
        learning_rate: the learning rate of Adam at the start.
        held_out: the share of latents, drawn at random, that is held out of training.
        patience: evaluations on held-out latents without a lower loss after which training stops;
            there are at most a hundred.

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
        self._schedule = build_schedule(
            steps=steps,
            batch=batch,
            learning_rate=learning_rate,
            held_out=held_out,
            patience=patience,
        )
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
        self._learned = learn(latents, self._build, self._schedule)

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
            "gamma": float(learned.model.log_gamma.detach().exp()),
        }

    def state(self) -> Mapping[str, Tensor]:
        return self._learned.state()

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._learned = Learned.from_state(space, state, self._build)

    def _build(self, space: LatentSpace) -> "VAEModel":
        return VAEModel(space.sites * space.value_width, tuple(self.hidden))


class VAEModel(Model):
    """A VAE of standardised latents with as many dimensions as they have."""

    def __init__(self, dimensions: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.encoder = _mlp(dimensions, *hidden, 2 * dimensions)
        self.decoder = _mlp(dimensions, *reversed(hidden), dimensions)
        self.log_gamma = nn.Parameter(torch.tensor(math.log(GAMMA)))
        self.width = max(dimensions, *hidden)

    def loss(self, vectors: Vectors) -> Mapping[str, Tensor]:
        means, log_std = self.encoder(vectors).chunk(2, dim=1)
        squares = means.square() + (2 * log_std).exp()
        divergence = 0.5 * (squares - 1).sum(1) - log_std.sum(1)  # (samples,)
        codes = means + log_std.exp() * torch.randn_like(means)
        errors = (vectors - self.decoder(codes)) * (-self.log_gamma).exp()
        constant = vectors.shape[1] * (self.log_gamma + 0.5 * math.log(2 * math.pi))
        return {
            "divergence": divergence.mean(),
            "reconstruction": 0.5 * errors.square().sum(1).mean() + constant,
        }

    def transform(self, noise: Vectors) -> Vectors:
        means: Tensor = self.decoder(noise)
        return means + self.log_gamma.exp() * torch.randn_like(means)


def _mlp(*widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
