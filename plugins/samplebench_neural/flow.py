"""Normalising flows."""

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal, get_args

from jaxtyping import Float
from torch import Tensor, nn

from samplebench import Continuous, DensitySampler, Latents, LatentSpace
from samplebench.settings import one_of
from samplebench_neural.flows import flows
from samplebench_neural.learning import (
    DensityModel,
    Learned,
    Vectors,
    build_schedule,
    learn,
    log_prob,
)
from samplebench_neural.settings import require_counts, require_layers

Kind = Literal["maf", "iaf", "spline"]

BINS = 8
"""Of each rational-quadratic spline, on [−5, 5]."""


class NormalisingFlow(DensitySampler):
    """Draws noise and maps it by an autoregressive normalising flow, an invertible network.

    With z standardised in each dimension, and ``f = f_T ∘ … ∘ f_1`` from latents to noise,

        log p(z) = log N(f(z); 0, I) + log |det ∂f/∂z|,

    maximised over the latents. In every f_t the map of a dimension depends on those before it,
    in an order that the next f_t reverses; each starts as the identity. By ``kind``:

    - "maf": ``f_t(x)_i = exp(a_i(x_<i)) x_i + b_i(x_<i)``. Density in one pass, a draw in D.
    - "iaf": the inverse of such a map. A draw in one pass, density in D; training takes D times
      as long.
    - "spline": ``f_t(x)_i`` is a monotonic rational-quadratic spline on [−5, 5] whose knots are
      functions of x_<i, and the identity outside. Density in one pass, a draw in D.

    In one dimension, which has none before it, "maf" and "iaf" are Gaussians. Grids of sites are
    one vector. The transforms are those of the library zuko.

    Args:
        kind: the kind of map, "maf", "iaf" or "spline".
        transforms: T, the number of maps.
        hidden: the units of each hidden layer, but at least D − 1: with fewer, the last dimensions
            could not depend on all others.
        steps: the greatest number of training steps, over which the learning rate falls to 0.
        batch: latents in a training step.
        learning_rate: the learning rate of Adam at the start.
        held_out: the share of latents, drawn at random, that is held out of training.
        patience: evaluations on held-out latents without a higher likelihood after which training
            stops; there are at most a hundred.

    Reference: "maf": Masked Autoregressive Flow for Density Estimation (Papamakarios, Pavlakou
    and Murray, 2017), arXiv:1705.07057; "iaf": Improved Variational Inference with Inverse
    Autoregressive Flow (Kingma et al., 2016), arXiv:1606.04934; "spline": Neural Spline Flows
    (Durkan, Bekasov, Murray and Papamakarios, 2019), arXiv:1906.04032.
    """

    accepts = (Continuous,)

    def __init__(
        self,
        kind: Kind = "maf",
        transforms: int = 5,
        hidden: tuple[int, ...] = (128, 128),
        steps: int = 4000,
        batch: int = 512,
        learning_rate: float = 2e-3,
        held_out: float = 0.1,
        patience: int = 20,
    ) -> None:
        require_counts(transforms=transforms)
        require_layers(hidden)
        self._schedule = build_schedule(
            steps=steps,
            batch=batch,
            learning_rate=learning_rate,
            held_out=held_out,
            patience=patience,
        )
        self.kind: Kind = one_of("kind", kind, get_args(Kind))
        self.transforms = transforms
        self.hidden = hidden
        self.steps = steps
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.patience = patience

    def fit(self, latents: Latents) -> None:
        """Train the flow.

        Raises:
            ValueError: there are fewer than two latents, or they are all equal.
            TrainingDiverged: a loss was not finite.
        """
        self._learned = learn(latents, self._build, self._schedule)

    def sample(self, count: int) -> Latents:
        return self._learned.sample(count)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        return log_prob(self._learned, latents)

    def diagnostics(self) -> Mapping[str, float]:
        """Steps of training; 1 if held-out latents ended it before the last; a held-out latent's
        mean log-likelihood, in nats.
        """
        learned = self._learned
        volume = float(learned.standardising.log_volume)
        return {
            **learned.diagnostics,
            "held_out_log_likelihood": -learned.held_out - volume,
        }

    def state(self) -> Mapping[str, Tensor]:
        return self._learned.state()

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._learned = Learned.from_state(space, state, self._build)

    def _build(self, space: LatentSpace) -> "FlowModel":
        return FlowModel(
            self.kind,
            dimensions=space.sites * space.value_width,
            transforms=self.transforms,
            hidden=tuple(self.hidden),
        )


class FlowModel(DensityModel):
    """A flow of standardised latents that starts as the standard normal."""

    def __init__(
        self, kind: Kind, *, dimensions: int, transforms: int, hidden: tuple[int, ...]
    ) -> None:
        super().__init__()
        layers = [max(units, dimensions - 1) for units in hidden]
        options: dict[str, Any] = {"features": dimensions, "transforms": transforms}
        if dimensions > 1:  # zuko has no network for one, whose map is a constant
            options["hidden_features"] = layers
        flow = (
            flows.NSF(bins=BINS, **options) if kind == "spline" else flows.MAF(**options)
        ).transform
        for transform in flow.transforms:
            _start_as_identity(transform)
        self.flow = flow.inv if kind == "iaf" else flow
        # A spline's knots are a few tensors of 3 · bins numbers for each dimension.
        self.width = max(*layers, dimensions * (12 * BINS if kind == "spline" else 4))
        self.density_width = self.width

    def loss(self, vectors: Vectors) -> Mapping[str, Tensor]:
        return {"nll": -self.log_prob(vectors).mean()}

    def transform(self, noise: Vectors) -> Vectors:
        vectors: Tensor = self.flow().inv(noise)
        failed = ~vectors.isfinite().all(1)
        if failed.any():  # rounding can leave the discriminant of a spline below zero
            precise = deepcopy(self.flow).double()
            vectors[failed] = precise().inv(noise[failed].double()).to(vectors)
        return vectors

    def log_prob(self, vectors: Vectors) -> Float[Tensor, " samples"]:
        noise, log_volume = self.flow().call_and_ladj(vectors)
        logs: Tensor = log_volume - 0.5 * (noise.square() + math.log(2 * math.pi)).sum(1)
        return logs


def _start_as_identity(transform: Any) -> None:
    """Set the last layer that parametrises the map to zero: affine maps and splines of zeros
    are identities.
    """
    constant = isinstance(transform, flows.gaussianization.ElementWiseTransform)
    last = transform.phi if constant else transform.hyper[-1]
    for weight in last.parameters():
        nn.init.zeros_(weight)
