"""Flow matching."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench import Continuous, DensitySampler, Latents, LatentSpace
from samplebench_neural.learning import (
    DensityModel,
    Learned,
    Vectors,
    build_schedule,
    learn,
    log_prob,
)
from samplebench_neural.ordinary import add_divergence, integrate
from samplebench_neural.settings import require_counts
from samplebench_neural.velocities import MapVelocity, VectorVelocity

MOST_DIMENSIONS = 64
"""The greatest number of dimensions for which the density is evaluated."""


class FlowMatching(DensitySampler):
    """Draws by moving noise along a learned velocity field, on straight paths to the latents.

    With z standardised in each dimension, ``x_0 ~ N(0, I)`` and ``t ~ U(0, 1)``, one of each for
    each z, a network v is trained to minimise

        E |v_t(x_t) − (z − (1 − σ) x_0)|² / D,   x_t = (1 − (1 − σ) t) x_0 + t z,

    the conditional paths of optimal transport. A draw solves ``dx/dt = v_t(x)`` from noise at
    t = 0 to t = 1, by the classical Runge-Kutta method of fourth order in equal steps. The density
    solves it backwards together with the instantaneous change of variables,

        log p(z) = log N(x_0; 0, I) − ∫ tr(∂v_t/∂x)(x_t) dt,

    with an exact trace: it is the density of the draws, but for errors of the solver, which vanish
    with the fourth power of a step.

    On a grid of rows and columns v is a convolutional residual network with a learned position;
    any other latent is one vector, and v a residual network of fully connected layers. Both
    take the time as ``cos kπt``, k = 0 … 15. The networks are ours.

    Args:
        width: units of a layer, or channels on a grid of rows and columns.
        blocks: the number of residual blocks. On a grid, a site sees 4 · blocks + 5 sites across.
        sigma: σ, the standard deviation about a latent with which its path ends.
        solver_steps: steps of the solver, each with four evaluations of the network.
        steps: the greatest number of training steps, over which the learning rate falls to 0.
        batch: latents in a training step.
        learning_rate: the learning rate of Adam at the start.
        held_out: the share of latents, drawn at random, that is held out of training.
        patience: evaluations on held-out latents without a lower loss after which training stops;
            there are at most a hundred.

    Reference: Flow Matching for Generative Modeling (Lipman, Chen, Ben-Hamu, Nickel and Le,
    2022), arXiv:2210.02747.
    """

    accepts = (Continuous,)

    def __init__(
        self,
        width: int = 128,
        blocks: int = 3,
        sigma: float = 1e-4,
        solver_steps: int = 10,
        steps: int = 8000,
        batch: int = 512,
        learning_rate: float = 2e-3,
        held_out: float = 0.1,
        patience: int = 20,
    ) -> None:
        require_counts(width=width, blocks=blocks, solver_steps=solver_steps)
        if not 0 <= sigma < 1:
            raise ValueError(f"sigma must be at least 0 and below 1, not {sigma}")
        self._schedule = build_schedule(
            steps=steps,
            batch=batch,
            learning_rate=learning_rate,
            held_out=held_out,
            patience=patience,
        )
        self.width = width
        self.blocks = blocks
        self.sigma = sigma
        self.solver_steps = solver_steps
        self.steps = steps
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.patience = patience

    def no_density(self, space: LatentSpace) -> str | None:
        numbers = space.sites * space.value_width
        if numbers <= MOST_DIMENSIONS:
            return None
        return (
            f"the trace in its density costs as many passes as a latent has numbers, {numbers}; "
            f"it is evaluated up to {MOST_DIMENSIONS}"
        )

    def fit(self, latents: Latents) -> None:
        """Train the velocity field.

        Raises:
            ValueError: there are fewer than two latents, or they are all equal.
            TrainingDiverged: a loss was not finite.
        """
        self._learned = learn(latents, self._build, self._schedule)

    def sample(self, count: int) -> Latents:
        return self._learned.sample(count)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """Compute the log density of each latent, in nats.

        Raises:
            ValueError: the space has too many numbers; see ``no_density``.
        """
        if reason := self.no_density(latents.space):
            raise ValueError(reason)
        return log_prob(self._learned, latents)

    def diagnostics(self) -> Mapping[str, float]:
        """Steps of training; 1 if held-out latents ended it before the last; the mean loss of a
        held-out latent.
        """
        return {**self._learned.diagnostics, "held_out_loss": self._learned.held_out}

    def state(self) -> Mapping[str, Tensor]:
        return self._learned.state()

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._learned = Learned.from_state(space, state, self._build)

    def _build(self, space: LatentSpace) -> "FlowMatchingModel":
        numbers = space.sites * space.value_width
        velocity = (
            MapVelocity(
                channels=space.value_width,
                rows=space.grid[0],
                columns=space.grid[1],
                width=self.width,
                blocks=self.blocks,
            )
            if len(space.grid) == 2
            else VectorVelocity(dimensions=numbers, width=self.width, blocks=self.blocks)
        )
        return FlowMatchingModel(velocity, sigma=self.sigma, steps=self.solver_steps)


class FlowMatchingModel(DensityModel):
    """Standard normal noise, moved from t = 0 to t = 1 along a velocity field."""

    def __init__(
        self, velocity: MapVelocity | VectorVelocity, *, sigma: float, steps: int
    ) -> None:
        super().__init__()
        self.velocity, self.sigma, self.steps = velocity, sigma, steps
        self.width = 4 * velocity.numbers
        self.density_width = self.width * (1 + velocity.dimensions)

    def loss(self, vectors: Vectors) -> Mapping[str, Tensor]:
        noise = torch.randn_like(vectors)
        times = torch.rand(len(vectors), 1, device=vectors.device, dtype=vectors.dtype)
        kept = 1 - self.sigma
        places = (1 - kept * times) * noise + times * vectors
        errors = self.velocity(times, places) - (vectors - kept * noise)
        return {"velocity": errors.square().mean()}

    def transform(self, noise: Vectors) -> Vectors:
        return integrate(self.velocity, noise, start=0.0, end=1.0, steps=self.steps)

    def log_prob(self, vectors: Vectors) -> Float[Tensor, " samples"]:
        extended = torch.cat([vectors, torch.zeros_like(vectors[:, :1])], dim=1)
        field = add_divergence(self.velocity)
        moved = integrate(field, extended, start=1.0, end=0.0, steps=self.steps)
        noise, volume = moved[:, :-1], moved[:, -1]
        constant = 0.5 * noise.shape[1] * math.log(2 * math.pi)
        return volume - 0.5 * noise.square().sum(1) - constant
