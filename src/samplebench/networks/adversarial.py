"""A critic beside an autoencoder on maps, whatever its bottleneck."""

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

_EPSILON, _LARGEST = 1e-4, 1e4  # of the adaptive weight


@final
class AdversarialBottleneckAutoencoder(AdversarialAutoencoder):
    """An autoencoder whose reconstructions should also look like images to a critic C.

    ``L = R + ρ P(x, x̂) + ω λ · (−E C(x̂)) + the bottleneck's terms``, with R the autoencoder's
    reconstruction term and P the perceptual distance. ω balances the gradients of both sides at
    the weights W of the decoder's last layer,
    ``ω = ‖∇_W (R + ρ P)‖ / (‖∇_W (−E C(x̂))‖ + 10⁻⁴)``, cut to [0, 10⁴]; it is 1 where no gradients
    are taken. The critic minimises ``(E max(0, 1 − C(x)) + E max(0, 1 + C(x̂))) / 2``. It learns
    from the first step on, and is heard once the share ``start`` of training is over.

    Args:
        inner: the autoencoder.
        critic_width: channels of the critic after its first convolution.
        adversary: λ, the weight of the critic's verdict.
        start: the share of training after which the critic is heard.
        perceptual: ρ, the weight of the perceptual distance; 0 for none, which needs no weights.

    Raises:
        ValueError: a number is out of its range, or images are too small.
        WeightsMissing: by ``begin_training`` and ``loss_terms``, where a perceptual distance is
            asked for and its weights are not there.

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
            raise ValueError(f"critic_width is at least 1, not {critic_width}")
        if min(adversary, perceptual) < 0 or not 0 <= start < 1:
            raise ValueError(
                "adversary and perceptual are not negative and start lies in [0, 1), not "
                f"{adversary}, {perceptual} and {start}"
            )
        self.inner, self.latent_space = inner, inner.latent_space
        self.adversary, self.start, self.perceptual = adversary, start, perceptual
        self.critic = PatchCritic(inner.image_shape, critic_width)
        self.distance = PerceptualDistance(inner.image_shape) if perceptual else None
        self.heard = False
        self._shown: tuple[Images, Images] | None = None  # images, and what training made of them

    def encode(self, images: Images) -> Latents:
        return self.inner.encode(images)

    def decode(self, latents: Latents) -> Images:
        return self.inner.decode(latents)

    @torch.compiler.disable  # type: ignore[untyped-decorator] # gradients inside cannot compile
    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        outputs, terms = self.inner.reconstruct(images)
        shown = self.inner.means(outputs)
        self._shown = (images, shown.detach())
        found = {"reconstruction": self.inner.reconstruction_term(outputs, images)}
        if self.distance:
            found["perceptual"] = self.perceptual * self.distance(shown, images)
        if self.heard:
            verdict = -self.critic(shown).mean()
            weight = self._balance(torch.stack(list(found.values())).sum(), verdict)
            found["verdict"] = self.adversary * weight * verdict
        return {**found, **terms}

    def critic_parameters(self) -> Iterable[nn.Parameter]:
        return self.critic.parameters()

    def critic_loss(self, images: Images) -> Tensor:
        real, fake = self.critic(images), self.critic(self._reconstructed(images))
        return (functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()) / 2

    def begin_training(self, images: Images) -> None:
        if self.distance:
            self.distance.network.to(images.device)  # found missing now, or never
        self.inner.begin_training(images)

    def before_step(self, done: float) -> None:
        self.heard = done >= self.start
        self.inner.before_step(done)

    def _balance(self, wanted: Tensor, verdict: Tensor) -> Tensor:
        """ω."""
        if not verdict.requires_grad:
            return verdict.new_ones(())
        at = self.inner.last_weight
        (wanting,) = torch.autograd.grad(wanted, at, retain_graph=True)
        (judging,) = torch.autograd.grad(verdict, at, retain_graph=True)
        weight: Tensor = wanting.norm() / (judging.norm() + _EPSILON)
        return weight.clamp(max=_LARGEST)

    def _reconstructed(self, images: Images) -> Images:
        """The reconstructions of the step before, where it was of these images: none is made
        twice. Of others, as in evaluation: to look changes no average and no codebook.
        """
        known, self._shown = self._shown, None
        if known is not None and known[0] is images:
            return known[1]
        with torch.no_grad():
            return self.inner.decode(self.inner.encode(images))
