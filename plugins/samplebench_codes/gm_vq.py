"""The sampler of GM-VQ: components from the aggregated posterior, latents from their Gaussians."""

import math
from collections.abc import Mapping
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench import (
    Continuous,
    DensitySampler,
    Discrete,
    Form,
    Latents,
    LatentSpace,
    Mixture,
    Sampler,
)
from samplebench.clusters import compute_moments
from samplebench.inner_sampler import (
    diagnostics_of,
    no_density_of,
    objection_of,
    own_copy,
    restored,
    state_of,
)
from samplebench.training import Budget, Schedule
from samplebench_codes.gm_vq_codebook import LEAST_VARIANCE, CodebookTraining, learn_codes
from samplebench_codes.gm_vq_gaussians import Codes, ComponentGaussians

MOST_COMPONENTS = 2**20
"""Each has a row in tables of means and variances, seen in training or not."""


class GMVQ(DensitySampler):
    """Draws components from the aggregated posterior, and the latent from their Gaussians.

    A latent of S sites has components ``c_1 … c_S`` and values z:

        ``p(z, c) = p(c_1, …, c_S) Π_s N(z_s; μ_{c_s}, diag v_{c_s})``.

    The distribution of the components is learned by another sampler, the ``prior``, from the
    components of the training latents. For one site it is, but for the prior's smoothing, the
    aggregated posterior ``q(c) = E_z q(c|z)``, which the paper's objective draws towards the
    uniform distribution. It is not known how, and if, the paper draws latents: to draw from q, and
    from a prior over all sites, is ours.

    *Mixture latents* come with their components. Gaussians have the mean and variance of the
    values with that component at any site. A variance counts as if one more degree of freedom had
    shown the variance that components have on average, which is the only source for a component
    seen once. Where values are codewords, no value varies within a component, and a draw is the
    codeword, bit for bit; the density is then of the components alone, and −∞ for values that are
    not their codewords. A component never seen in training is impossible if any channel is such a
    part of the code, because its codeword is unknown, and the prior then learns the others only;
    if every channel varies within components, it has the mean and variance of all values.

    *Continuous latents* are given components first. A site is a vector z of ``channels``, and the
    means minimise, over batches of sites,

        ``E_z Σ_c q(c|z) ‖z − μ_c‖² / 2σ² + β (log K − H(q^B))``,
        ``q(c|z) = softmax_c(−‖z − μ_c‖² / 2σ²)``,   ``q^B`` the mean of q over the batch.

    These are the paper's two latent terms and its start from k-means, as secondary sources report
    them; the paper's text was not available. There is no reconstruction error, because the latents
    are given: they are the proxies, and no encoder moves them. Only β is then left to weigh γ
    against, which is the 1/2σ² of ``−log p(z|c)``. Then every site draws its component from q
    instead of taking the nearest mean, so that components follow the aggregated posterior, and
    prior and Gaussians learn one joint distribution; components that no site draws are left out,
    and Gaussians are estimated as above instead of keeping σ, which the paper holds fixed. These
    draws, the Gaussians' variances (at least 10⁻⁶ of the latents' mean variance) and the rule for
    σ are ours.

    At the defaults, training improves the objective very little over the start. On fixed latents,
    k-means has already made the first term small, and only the entropy moves the means away from
    there; but that term starts at about a tenth of a nat or less, compared to about
    ``channels / 2`` nats. The result is k-means with a distribution of its clusters.

    The density sums over the components of one site; over those of several sites it is not summed
    here, though this would be possible for a prior with independent sites.

    Args:
        components: K, the number of components of continuous latents; this and all settings but
            ``prior`` do nothing for Mixture latents, which have their own components.
        entropy: β, the weight of the term that asks components to be used equally.
        sigma: σ as a multiple of the latents' root mean variance; "data": the standard deviation
            within the clusters of k-means.
        epochs: the greatest number of passes over the training sites.
        batch: sites a step, over which ``q^B`` is taken.
        learning_rate: the learning rate of Adam, on latents scaled to mean variance 1.
        held_out: the share of latents that are held out of training, to stop early.
        patience: evaluations on them without a lower loss after which training stops; there is one
            an epoch, or a hundred in all where that is fewer.
        prior: the sampler of components, a sampler of discrete latents.

    Raises:
        ValueError: a number is out of its range.

    Reference: Gaussian Mixture Vector Quantization with Aggregated Categorical Posterior (Yan et
    al., 2024), arXiv:2410.10180
    """

    accepts = (Mixture, Continuous)

    def __init__(
        self,
        components: int = 64,
        entropy: float = 1.0,
        sigma: float | Literal["data"] = "data",
        epochs: int = 100,
        batch: int = 1024,
        learning_rate: float = 0.01,
        held_out: float = 0.1,
        patience: int = 5,
        prior: Sampler | str = "code-histogram",
    ) -> None:
        if components < 1:
            raise ValueError(f"components must be at least 1, not {components}")
        if not 0 <= entropy < math.inf:
            raise ValueError(f"entropy must be at least 0 and finite, not {entropy}")
        if isinstance(sigma, str) and sigma != "data":
            raise ValueError(f"sigma is a positive number or 'data', not {sigma!r}")
        if not isinstance(sigma, str) and not 0 < sigma < math.inf:
            raise ValueError(f"sigma must be positive and finite, not {sigma}")
        budget = Budget(epochs=epochs, batch=batch, learning_rate=learning_rate)
        self._schedule = Schedule(budget, held_out, patience)
        self.components = components
        self.entropy = entropy
        self.sigma: float | Literal["data"] = sigma
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.patience = patience
        self.prior = prior

    def refuses(self, space: LatentSpace) -> str | None:
        codes = self._codes_of(space)
        if (count := codes.codebooks[0]) > MOST_COMPONENTS:
            return (
                f"keeps at most {MOST_COMPONENTS:,} Gaussians, and there are {count:,} components"
            )
        return objection_of(self.prior, codes)

    def no_density(self, space: LatentSpace) -> str | None:
        if isinstance(space, Continuous) and space.sites > 1:
            return "the density of several sites is not summed over their components here"
        return no_density_of(self.prior, self._codes_of(space))

    def fit(self, latents: Latents) -> None:
        """Learn the components, where the latents have none, the Gaussians and the prior.

        Raises:
            ValueError: continuous latents are all equal, or have fewer distinct sites than there
                are components; or the prior is a text, or cannot learn the components.
        """
        form, space = Form.of(latents), latents.space
        prior = own_copy(self.prior, self._codes_of(space))
        training: dict[str, float] = {}
        points = form.vectors(latents).view(-1, space.value_width)  # (samples * sites, D)
        if isinstance(space, Mixture):
            codes = latents.codes.flatten()
            gaussians = ComponentGaussians.of(points, codes, components=space.components)
        else:
            maps = points.view(len(latents), -1, space.value_width)
            codes, training = learn_codes(maps, self._training())
            least = LEAST_VARIANCE * float(compute_moments(points).variance.mean())
            gaussians = ComponentGaussians.of(
                points, codes, components=int(codes.max()) + 1, least_variance=least
            )
        rows = gaussians.find_rows(codes)[0].view(len(latents), -1)
        prior.fit(Discrete((len(gaussians.means),), space.grid).pack(codes=rows))
        self._form, self._gaussians, self._prior = form, gaussians, prior
        self._diagnostics = {**training, **_usage(codes)}

    def sample(self, count: int) -> Latents:
        rows = self._prior.sample(count).codes  # (count, *grid, 1)
        values = self._gaussians.sample(rows.flatten(), self._form.precision)
        values = values.view(*rows.shape[:-1], values.shape[1]).to(self._form.dtype)
        if isinstance(self._form.space, Mixture):
            return self._form.space.pack(values=values, codes=self._gaussians.labels[rows])
        return self._form.space.pack(values=values)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        """Compute the log density; on Mixture latents, of the values and components together, and
        −∞ where a component is impossible.

        Raises:
            ValueError: the latents are of another space, or it has no density there.
        """
        vectors = self._form.vectors(latents)
        if reason := self.no_density(latents.space):
            raise ValueError(f"no density on {latents.space}: {reason}")
        if isinstance(latents.space, Continuous):
            every = torch.arange(len(self._gaussians.means), device=self._form.device)
            return self._gaussians.log_mixture(vectors, self._log_weights(every))
        rows, possible = self._gaussians.find_rows(latents.codes.to(self._form.device).flatten(1))
        points = vectors.view(-1, latents.space.value_width)
        sites = self._gaussians.log_prob(points, rows.flatten()).view(len(latents), -1)
        logs = self._log_weights(rows) + sites.sum(1)
        return torch.where(possible.all(1), logs, -torch.inf)

    def diagnostics(self) -> Mapping[str, float]:
        """The perplexity of the aggregated posterior and the number of components that it uses;
        of continuous latents also steps of training, held-out loss and σ in units of the latents;
        and the diagnostics of the prior.
        """
        return {**self._diagnostics, **diagnostics_of(self._prior)}

    def state(self) -> Mapping[str, Tensor]:
        own = {**self._form.state(self._diagnostics), **self._gaussians.state()}
        return {**own, **state_of(self._prior)}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._gaussians = ComponentGaussians.from_state(state)
        components = Discrete((len(self._gaussians.means),), space.grid)
        self._prior = restored(self.prior, components, state)
        self._diagnostics = Form.diagnostics(state)

    def _codes_of(self, space: LatentSpace) -> Discrete:
        """The space of the codes that the prior learns."""
        count = space.components if isinstance(space, Mixture) else self.components
        return Discrete((count,), space.grid)

    def _training(self) -> CodebookTraining:
        return CodebookTraining(
            components=self.components,
            entropy=self.entropy,
            sigma=None if isinstance(self.sigma, str) else float(self.sigma),
            schedule=self._schedule,
        )

    def _log_weights(self, rows: Int64[Tensor, "..."]) -> Float[Tensor, " samples"]:
        """The prior's log probability of each latent's components, float64."""
        assert isinstance(self._prior, DensitySampler)  # `no_density` asked
        grid = self._form.space.grid
        components = Discrete((len(self._gaussians.means),), grid)
        return self._prior.log_prob(components.pack(codes=rows)).double()


def _usage(codes: Codes) -> dict[str, float]:
    """The usage of components by all sites of all training latents."""
    shares = torch.unique(codes, return_counts=True)[1].double() / len(codes)
    return {
        "perplexity": float(torch.special.entr(shares).sum().exp()),
        "components_used": float(len(shares)),
    }
