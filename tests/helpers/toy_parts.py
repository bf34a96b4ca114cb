"""Small parts for tests of the harness: a plugin file like any other, good parts and bad."""

import os
import signal
from typing import Literal

import torch
from torch import nn

from samplebench import (
    AdversarialAutoencoder,
    Autoencoder,
    Continuous,
    DataMissing,
    Dataset,
    Discrete,
    FeatureExtractor,
    LatentSpace,
    Metric,
    Need,
    NoNumber,
    Sampler,
    Split,
    hookimpl,
)


class Stripes(Dataset):
    """Noisy stripes, one class for each direction; a file in data_dir may brighten them."""

    shape = (1, 8, 8)

    def __init__(self, data_dir, images: int = 200):
        self.data_dir, self.samples = data_dir, images

    def _split(self, offset: int, count: int) -> Split:
        numbers = torch.arange(offset, offset + count)
        labels = numbers % 2
        noise = torch.stack([(numbers * 37 + k * 101) % (97 - k % 7) for k in range(64)], 1).view(
            -1, 1, 8, 8
        )
        stripes = (torch.arange(8) % 2 * 120).expand(8, 8)
        shown = torch.where(labels.view(-1, 1, 1, 1) == 0, stripes, stripes.T)
        brighter = self.data_dir / "brighter"
        extra = int(brighter.read_text()) if brighter.exists() else 0
        return Split((shown + noise + extra).byte(), labels)

    def train(self) -> Split:
        return self._split(0, self.samples)

    def test(self) -> Split:
        return self._split(10_000, 60)


class Unlabelled(Stripes):
    """Stripes without classes."""

    def _split(self, offset: int, count: int) -> Split:
        return Split(super()._split(offset, count).samples)


class Absent(Stripes):
    """A dataset whose files are not there."""

    def train(self) -> Split:
        raise DataMissing("put stripes.bin into the data folder")


class Linear(Autoencoder):
    """One linear layer each way.

    Reference: A paper of the tests (Nobody, 2000), arXiv:0000.00000
    """

    def __init__(self, shape, latent: int = 2):
        super().__init__()
        self.shape, self.latent = shape, latent
        self.latent_space = Continuous(latent)
        pixels = torch.Size(shape).numel()
        self.encoder, self.decoder = nn.Linear(pixels, latent), nn.Linear(latent, pixels)

    def encode(self, images):
        return self.latent_space.pack(values=self.encoder(images.flatten(1)))

    def decode(self, latents):
        return self.decoder(latents.values).sigmoid().view(-1, *self.shape)

    def loss_terms(self, images):
        return {"error": (self.decode(self.encode(images)) - images).square().mean()}


class Diverging(Linear):
    """Its loss becomes NaN at the third step."""

    def __init__(self, shape, latent: int = 2):
        super().__init__(shape, latent)
        self.steps = 0

    def loss_terms(self, images):
        self.steps += 1
        terms = super().loss_terms(images)
        return {"error": terms["error"] * (float("nan") if self.steps == 3 else 1)}


class Offline(Linear):
    """Wants a network while it trains."""

    def loss_terms(self, images):
        raise ConnectionError("the hub is down")


class Untrainable(Autoencoder):
    """One linear layer each way, whose weights can only be given."""

    def __init__(self, shape, latent: int = 2):
        super().__init__()
        self.latent, self.network = latent, Linear(shape, latent)
        self.latent_space = self.network.latent_space

    def encode(self, samples):
        return self.network.encode(samples)

    def decode(self, latents):
        return self.network.decode(latents)


class Saved(Untrainable):
    """The same with the weights of a file."""

    trained = True

    def __init__(self, shape, path: str = "saved.pt"):
        super().__init__(shape)
        self.path = path
        self.network.load_state_dict(torch.load(path, weights_only=True))


class Nothing(Untrainable):
    """The first two numbers of a sample, and back: no weights."""

    trained = True

    def __init__(self, shape):
        super().__init__(shape)
        self.shape = shape
        del self.network

    def encode(self, samples):
        return self.latent_space.pack(values=samples.flatten(1)[:, :2])

    def decode(self, latents):
        pixels = latents.values.new_zeros(len(latents), torch.Size(self.shape).numel())
        pixels[:, :2] = latents.values.clamp(0, 1)
        return pixels.view(-1, *self.shape)


class Adversarial(AdversarialAutoencoder):
    """Linear, against a critic that tells reconstructions from images."""

    def __init__(self, shape, latent: int = 2):
        super().__init__()
        self.inner, self.latent = Linear(shape, latent), latent
        self.latent_space = self.inner.latent_space
        self.critic = nn.Linear(torch.Size(shape).numel(), 1)

    def encode(self, images):
        return self.inner.encode(images)

    def decode(self, latents):
        return self.inner.decode(latents)

    def loss_terms(self, images):
        shown = self.decode(self.encode(images))
        return {**self.inner.loss_terms(images), "fooling": -self.critic(shown.flatten(1)).mean()}

    def critic_parameters(self):
        return self.critic.parameters()

    def critic_loss(self, images):
        shown = self.decode(self.encode(images)).detach()
        return (self.critic(shown.flatten(1)) - self.critic(images.flatten(1))).mean()


class Coded(Linear):
    """Codes instead of values: which of eight directions is nearest."""

    def __init__(self, shape, codes: int = 8):
        super().__init__(shape, codes)
        self.codes = codes
        self.latent_space = Discrete((codes,))

    def encode(self, images):
        return self.latent_space.pack(codes=self.encoder(images.flatten(1)).argmax(1))

    def decode(self, latents):
        one_hot = torch.nn.functional.one_hot(latents.codes.flatten(), self.codes).float()
        return self.decoder(one_hot).sigmoid().view(-1, *self.shape)

    def loss_terms(self, images):
        soft = self.encoder(images.flatten(1)).softmax(1)
        shown = self.decoder(soft).sigmoid().view_as(images)
        return {"error": (shown - images).square().mean()}


class Normal(Sampler):
    """A normal distribution with the data's mean and std."""

    accepts = (Continuous,)

    def __init__(self, spread: float = 1.0):
        self.spread = spread

    def fit(self, latents):
        self.space = latents.space
        self.mean, self.std = latents.values.mean(0), latents.values.std(0)

    def sample(self, count):
        noise = torch.randn(count, *self.mean.shape, device=self.mean.device)
        return self.space.pack(values=self.mean + self.spread * self.std * noise)

    def diagnostics(self):
        return {"mean of std": float(self.std.mean())}


class Again(Sampler):
    """Training latents, drawn again."""

    accepts = (LatentSpace,)
    control = True

    def fit(self, latents):
        self.latents = latents

    def sample(self, count):
        return self.latents[torch.randint(len(self.latents), (count,))]


class Meddling(Normal):
    """Changes the latents that it was given."""

    def fit(self, latents):
        super().fit(latents)
        latents.values.mul_(100)


class Careless(Normal):
    """Gives a tensor, or too few latents."""

    def __init__(self, spread: float = 1.0, how: Literal["tensor", "few"] = "tensor"):
        super().__init__(spread)
        self.how = how

    def sample(self, count):
        drawn = super().sample(count)
        return drawn.values if self.how == "tensor" else drawn[1:]


class Raising(Normal):
    """Cannot be fitted."""

    def fit(self, latents):
        raise RuntimeError("no fit today")


class Killed(Normal):
    """Ends its process, as the system does when memory runs out."""

    def fit(self, latents):
        os.kill(os.getpid(), signal.SIGKILL)


class NotFinite(Normal):
    """Draws NaN."""

    def sample(self, count):
        return self.space.pack(values=torch.full((count, *self.mean.shape), float("nan")))


class Pixels(FeatureExtractor):
    """Pixels, flattened."""

    def __init__(self, shape):
        super().__init__()

    def fit(self, train):
        pass

    def features(self, images):
        return images.flatten(1)


class WidePixels(Pixels):
    """Pixels, repeated or cut to a width."""

    def __init__(self, shape, width: int = 100):
        super().__init__(shape)
        self.width = width

    def features(self, images):
        return images.flatten(1).repeat(1, 1 + self.width // 64)[:, : self.width]


class Unready(Pixels):
    """Never has its weights."""

    def fit(self, train):
        raise RuntimeError("the weights are on the moon")


class Distance(Metric):
    """Distance between the mean features of generated and held-out images."""

    title = "distance"
    better = "lower"
    subject = "images"
    needs = frozenset({Need.TEST, Need.GENERATED, Need.FEATURES})
    has_floor = True

    def measure(self, evidence):
        gap = evidence.features("generated").mean(0) - evidence.features("test").mean(0)
        return float(gap.norm())

    def bias(self, evidence):
        return 1 / len(evidence.generated)


class Spread(Metric):
    """Standard deviation of generated values, plus a little of the metric's own noise."""

    title = "spread"
    better = "higher"
    subject = "latents"
    needs = frozenset({Need.GENERATED_LATENTS, Need.SAMPLER})

    def __init__(self, noise: float = 0.0):
        self.noise = noise

    def refuses(self, space):
        return None if space.value_width else "needs values"

    def measure(self, evidence):
        noise = self.noise * torch.randn(())
        return float(evidence.generated_latents.values.std() + noise)


class Reach(Spread):
    """The same, with a floor."""

    title = "reach"
    has_floor = True


class BiasBroken(Distance):
    """Has a formula for its bias, and no number for it."""

    title = "bias-broken"
    needs = frozenset({Need.GENERATED})

    def measure(self, evidence):
        return float(evidence.generated.mean())

    def bias(self, evidence):
        raise RuntimeError("no formula")


class FloorLess(BiasBroken):
    """Has a number for held-out samples, of which there are 60, and for no others."""

    title = "floor-less"

    def measure(self, evidence):
        if len(evidence.generated) != 60:
            raise NoNumber("not for real data")
        return super().measure(evidence)


class Error(Metric):
    """Mean squared error of reconstructions."""

    title = "error"
    better = "lower"
    subject = "autoencoder"
    needs = frozenset({Need.TEST, Need.RECONSTRUCTED})

    def measure(self, evidence):
        return float((evidence.reconstructed - evidence.test).square().mean())


class FitSeconds(Metric):
    """Seconds to fit."""

    title = "fit"
    unit = "s"
    better = "lower"
    subject = "cost"
    needs = frozenset({Need.COSTS})

    def measure(self, evidence):
        return evidence.costs["fit"].wall_seconds


class Broken(Metric):
    """Raises, is not finite, or has no meaning."""

    title = "broken"
    better = "lower"
    subject = "images"
    needs = frozenset({Need.GENERATED})

    def __init__(self, how: Literal["raise", "nan", "no number"] = "raise"):
        self.how = how

    def measure(self, evidence):
        if self.how == "nan":
            return float("nan")
        if self.how == "no number":
            raise NoNumber("stripes have none")
        raise ZeroDivisionError("nothing to divide by")


class Classes(Metric):
    """Training samples of the first one's class, and the least pixel of them as a fraction."""

    title = "classes"
    better = "higher"
    subject = "autoencoder"
    needs = frozenset({Need.TRAIN, Need.LABELS})

    def measure(self, evidence):
        same = evidence.train_labels == evidence.train_labels[0]
        return float(same.sum() + evidence.train[same].min() / 256)


class Undeclared(Metric):
    """Reads generated samples without declaring them."""

    title = "undeclared"
    better = "higher"
    subject = "autoencoder"

    def measure(self, evidence):
        return float(evidence.generated.mean())


@hookimpl
def register_datasets(register):
    register("stripes", Stripes)
    register("unlabelled", Unlabelled)
    register("absent", Absent)


@hookimpl
def register_autoencoders(register):
    register("linear", Linear)
    register("diverging", Diverging)
    register("offline", Offline)
    register("adversarial", Adversarial)
    register("untrainable", Untrainable)
    register("saved", Saved)
    register("nothing", Nothing)
    register("coded", Coded)


@hookimpl
def register_samplers(register):
    register("normal", Normal)
    register("again", Again)
    register("meddling", Meddling)
    register("careless", Careless)
    register("raising", Raising)
    register("killed", Killed)
    register("not-finite", NotFinite)


@hookimpl
def register_features(register):
    register("pixels", Pixels)
    register("unready", Unready)
    register("wide-pixels", WidePixels)


@hookimpl
def register_metrics(register):
    register("distance", Distance)
    register("spread", Spread)
    register("reach", Reach)
    register("bias-broken", BiasBroken)
    register("floor-less", FloorLess)
    register("error", Error)
    register("seconds-to-fit", FitSeconds)
    register("broken", Broken)
    register("classes", Classes)
    register("undeclared", Undeclared)
