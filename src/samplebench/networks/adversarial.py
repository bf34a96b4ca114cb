"""A critic and a perceptual distance for autoencoders on feature maps, with any bottleneck."""

from collections.abc import Iterable, Mapping
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench.contracts.autoencoder import AdversarialAutoencoder
from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents
from samplebench.networks.bottleneck import BottleneckAutoencoder
from samplebench.networks.patch_critic import PatchCritic
from samplebench.networks.perceptual import PerceptualDistance

_EPSILON, _MAXIMUM = 1e-4, 1e4  # of the adaptive weight


@final
class AdversarialBottleneckAutoencoder(AdversarialAutoencoder):
    """An autoencoder whose reconstructions must also be judged real by a critic C.

    ``L = R + ρ P(x, x̂) + ω λ · (−E C(x̂)) + the bottleneck's terms``, with R the autoencoder's
    reconstruction term and P the perceptual distance. ω balances the gradients of both sides at
    the weights W of the decoder's last layer,
    ``ω = ‖∇_W (R + ρ P)‖ / (‖∇_W (−E C(x̂))‖ + 10⁻⁴)``, clipped to [0, 10⁴]; it is 1 where no
    gradients are computed. The critic minimises ``(E max(0, 1 − C(x)) + E max(0, 1 + C(x̂))) / 2``.
    It learns from the first step, and enters L once the fraction ``start`` of training is over.

    Args:
        inner: the autoencoder.
        critic_width: channels of the critic after its first convolution.
        adversary: λ, the weight of the critic's verdict.
        start: the fraction of training after which the critic is part of the loss.
        perceptual: ρ, the weight of the perceptual distance; 0 disables it and its network.

    Raises:
        ValueError: a number is out of its range, or images are too small.
        WeightsMissing: by ``begin_training`` and ``loss_terms``, if a perceptual distance is used
            and its weights are missing.

    References: Taming Transformers for High-Resolution Image Synthesis (Esser et al., 2021),
    arXiv:2012.09841; Geometric GAN (Lim & Ye, 2017), arXiv:1705.02894
    """

    def __init__(
        self,
        inner: BottleneckAutoencoder,
        critic_width: int,
        adversary: float,
        start: float,
        perceptual: float,
    ) -> None:
        super().__init__()
        if critic_width < 1:
            raise ValueError(f"critic_width must be at least 1, not {critic_width}")
        if min(adversary, perceptual) < 0 or not 0 <= start < 1:
            raise ValueError(
                "adversary and perceptual must not be negative, and start must lie in [0, 1), not "
                f"{adversary}, {perceptual} and {start}"
            )
        self.inner, self.latent_space = inner, inner.latent_space
        self.adversary, self.start, self.perceptual = adversary, start, perceptual
        self.critic = PatchCritic(inner.shape, critic_width)
        self.distance = PerceptualDistance(inner.shape) if perceptual else None
        self.critic_active = False
        self._last_pair: tuple[Images, Images] | None = None
        """The images of the last step, and their reconstructions."""

    def encode(self, images: Images) -> Latents:
        return self.inner.encode(images)

    def decode(self, latents: Latents) -> Images:
        return self.inner.decode(latents)

    @torch.compiler.disable  # type: ignore[untyped-decorator] # gradients inside cannot compile
    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        outputs, terms = self.inner.reconstruct(images)
        reconstructions = self.inner.means(outputs)
        self._last_pair = (images, reconstructions.detach())
        own = {"reconstruction": self.inner.reconstruction_term(outputs, images)}
        if self.distance:
            own["perceptual"] = self.perceptual * self.distance(reconstructions, images)
        if self.critic_active:
            verdict = -self.critic(reconstructions).mean()
            fidelity = torch.stack(list(own.values())).sum()
            weight = balance_gradients(fidelity, verdict, at=self.inner.last_weight)
            own["verdict"] = self.adversary * weight * verdict
        return {**own, **terms}

    def critic_parameters(self) -> Iterable[nn.Parameter]:
        return self.critic.parameters()

    def critic_loss(self, images: Images) -> Tensor:
        real, fake = self.critic(images), self.critic(self._reconstruct(images))
        return (functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()) / 2

    def begin_training(self, images: Images) -> None:
        if self.distance:
            self.distance.network.to(images.device)  # missing weights raise now, not mid-training
        self.inner.begin_training(images)

    def before_step(self, done: float) -> None:
        self.critic_active = done >= self.start
        self.inner.before_step(done)

    def _reconstruct(self, images: Images) -> Images:
        """Reuse the reconstructions of the last step if it had the same images.

        Other images are encoded and decoded, which changes no moving average and no codebook.
        """
        last, self._last_pair = self._last_pair, None
        if last is not None and last[0] is images:
            return last[1]
        with torch.no_grad():
            return self.inner.decode(self.inner.encode(images))


def balance_gradients(fidelity: Tensor, verdict: Tensor, *, at: Tensor) -> Tensor:
    """Compute ω, the ratio of the norms of both terms' gradients at the weights ``at``."""
    if not verdict.requires_grad:
        return verdict.new_ones(())
    (of_fidelity,) = torch.autograd.grad(fidelity, at, retain_graph=True)
    (of_verdict,) = torch.autograd.grad(verdict, at, retain_graph=True)
    weight: Tensor = of_fidelity.norm() / (of_verdict.norm() + _EPSILON)
    return weight.clamp(max=_MAXIMUM)
