"""Parts that answer wrongly, or write into what they are given; honest ones to compare with."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from toy_parts import Distance, Error, Linear, Normal, Pixels, Spread, Stripes

from samplebench import (
    Continuous,
    DensitySampler,
    Latents,
    Metric,
    Need,
    Split,
    hookimpl,
)


class Shared(Stripes):
    """Its first test images are training images."""

    def test(self) -> Split:
        train, test = self.train(), super().test()
        return Split(
            torch.cat([train.samples[:3], test.samples[3:]]),
            torch.cat([train.labels[:3], test.labels[3:]]),
        )


class Misshapen(Stripes):
    """States another shape than its images have."""

    shape = (1, 8, 9)


class Encoder(Linear):
    """Encodes otherwise than it should."""

    def __init__(
        self,
        shape,
        how: Literal["noise", "stated noise", "few", "tensor", "other space", "buffer"] = "noise",
    ):
        super().__init__(shape)
        self.how, self.draws_latents = how, how == "stated noise"
        self.kept = {}

    def encode(self, images):
        latents = super().encode(images)
        if "noise" in self.how and not self.training:
            noise = torch.randn_like(latents.values)
            return self.latent_space.pack(values=latents.values + 0.1 * noise)
        if self.how == "buffer" and not self.training:
            kept = self.kept.setdefault(len(images), latents.copy())
            kept.values.copy_(latents.values)
            return kept
        wrong = {
            "few": latents[1:],
            "tensor": latents.values,
            "other space": Continuous(1, (2,)).pack(values=latents.values),
        }
        return latents if self.training else wrong.get(self.how, latents)


class Decoder(Linear):
    """Decodes otherwise than it should, once it is trained."""

    def __init__(
        self,
        shape,
        how: Literal[
            "bytes", "signed", "nan", "few", "flat", "array", "buffer", "in place"
        ] = "bytes",
    ):
        super().__init__(shape)
        self.how = how
        self.kept = {}

    def decode(self, latents):
        images = super().decode(latents)
        if self.training:
            return images
        if self.how == "in place":
            latents.values.fill_(7)
            return images
        if self.how == "buffer":
            kept = self.kept.setdefault(len(images), images.clone())
            return kept.copy_(images)
        return {
            "bytes": lambda: images.mul(255).byte(),
            "signed": lambda: images * 2 - 1,
            "nan": lambda: images / (images > images.mean()) * 0,
            "few": lambda: images[1:],
            "flat": lambda: images.flatten(1),
            "array": lambda: images.numpy(),
        }[self.how]()


class OneBuffer(Normal):
    """Returns the same memory each time."""

    kept = None

    def sample(self, count):
        drawn = super().sample(count)
        if self.kept is None or len(self.kept) != count:
            self.kept = drawn.copy()
        self.kept.values.copy_(drawn.values)
        return self.kept


class Dense(DensitySampler):
    """A normal distribution whose density is stated rightly, or otherwise."""

    accepts = (Continuous,)

    def __init__(
        self,
        how: Literal[
            "right", "in place", "column", "few", "nan", "inf", "zero", "bytes", "list"
        ] = "right",
    ):
        self.how = how

    def fit(self, latents: Latents) -> None:
        self.space = latents.space
        self.mean, self.std = latents.values.mean(0), latents.values.std(0)

    def sample(self, count: int) -> Latents:
        noise = torch.randn(count, *self.mean.shape)
        return self.space.pack(values=self.mean + self.std * noise)

    def log_prob(self, latents: Latents) -> torch.Tensor:
        values = latents.values if self.how == "in place" else latents.values.clone()
        values.sub_(self.mean).div_(self.std)
        logs = -(values.square() / 2 + self.std.log() + 0.919).sum(1)
        odd = torch.arange(len(logs)) % 2 == 1
        return {
            "column": lambda: logs[:, None],
            "few": lambda: logs[1:],
            "nan": lambda: logs.masked_fill(odd, float("nan")),
            "inf": lambda: logs.masked_fill(odd, float("inf")),
            "zero": lambda: logs.masked_fill(odd, float("-inf")),
            "bytes": lambda: logs.long(),
            "list": logs.tolist,
        }.get(self.how, lambda: logs)()


class Diagnosing(Normal):
    """Tells its reader what is no number."""

    def __init__(self, how: Literal["nan", "text", "list", "raise"] = "nan"):
        super().__init__()
        self.how = how

    def diagnostics(self) -> Mapping[str, float]:
        if self.how == "raise":
            raise KeyError("std")
        if self.how == "list":
            return [1.0]
        return {"good": 0.5, "bad": float("nan") if self.how == "nan" else "0.5"}


class Vectors(Pixels):
    """Gives features otherwise than it should, and facts that are none."""

    def __init__(
        self,
        shape,
        how: Literal[
            "right", "bytes", "few", "map", "nan", "buffer", "facts", "raise", "titles"
        ] = "right",
    ):
        super().__init__(shape)
        self.how = how
        self.kept = {}

    @property
    def facts(self) -> Mapping[str, float]:
        if self.how == "raise":
            raise OSError("no facts today")
        bad = {"accuracy": float("nan")} if self.how == "facts" else {}
        return {"pixels": 64.0, **bad}

    @property
    def titles(self) -> Mapping[str, str]:
        return {"distance": 3} if self.how == "titles" else {}

    def features(self, images):
        flat = images.flatten(1)
        if self.how == "buffer":
            kept = self.kept.setdefault(len(flat), flat.clone())
            return kept.copy_(flat)
        return {
            "bytes": lambda: flat.mul(255).byte(),
            "few": lambda: flat[1:],
            "map": lambda: images,
            "nan": lambda: flat.log() * 0,
        }.get(self.how, lambda: flat)()


class Greedy(Metric):
    """Writes into all that it reads, by torch or by numpy."""

    title = "greedy"
    better = "lower"
    subject = "images"
    needs = frozenset(Need) - {Need.CODES, Need.DENSITY, Need.SAMPLER, Need.COSTS}

    def __init__(self, by: Literal["torch", "numpy"] = "torch"):
        self.by = by

    def measure(self, evidence):
        shown = [evidence.test, evidence.reconstructed, evidence.generated, evidence.train]
        latents = [evidence.train_latents, evidence.test_latents, evidence.generated_latents]
        features = [evidence.features(some) for some in ("test", "reconstructed", "generated")]
        labels = [evidence.train_labels, evidence.test_labels]
        for tensor in (*shown, *features, *labels, *(some.values for some in latents)):
            if self.by == "torch":
                tensor.fill_(3)
            else:
                np.asarray(tensor)[...] = 3
        return 1.0


class Sum(Metric):
    """The sum of all that evidence holds, weighted, so that any change shows."""

    title = "sum"
    better = "lower"
    subject = "images"
    needs = Greedy.needs

    def measure(self, evidence):
        shown = [evidence.test, evidence.reconstructed, evidence.generated, evidence.train]
        latents = [evidence.train_latents, evidence.test_latents, evidence.generated_latents]
        features = [evidence.features(some) for some in ("test", "reconstructed", "generated")]
        labels = [evidence.train_labels, evidence.test_labels]
        tensors = (*shown, *features, *labels, *(some.values for some in latents))
        return float(sum(t.double().flatten() @ torch.arange(t.numel()).double() for t in tensors))


class Bits(Metric):
    """The mean of the stated log densities, and the mean of the held-out latents after it."""

    title = "bits"
    better = "higher"
    subject = "latents"
    needs = frozenset({Need.DENSITY, Need.LATENTS})

    def measure(self, evidence):
        logs = evidence.test_log_probs()
        logs = logs[logs.isfinite()]
        return float(logs.mean() + evidence.test_latents.values.mean())


class Odd(Metric):
    """Gives no float."""

    title = "odd"
    better = "lower"
    subject = "images"
    needs = frozenset({Need.GENERATED})

    def __init__(self, how: Literal["text", "truth", "tensor", "none", "exit"] = "text"):
        self.how = how

    def measure(self, evidence):
        if self.how == "exit":
            raise SystemExit(0)
        odd = torch.ones((), requires_grad=True)
        return {"text": "1.5", "truth": True, "tensor": odd, "none": None}[self.how]


class Groundless(Odd):
    """Gives a number, and a bias of its floor that is none."""

    title = "groundless"
    has_floor = True

    def __init__(self, how: Literal["text", "nan", "raise"] = "text"):
        self.how = how

    def measure(self, evidence):
        return 1.0

    def bias(self, evidence):
        if self.how == "raise":
            raise OSError("no bias today")
        return "0.5" if self.how == "text" else float("nan")


@hookimpl
def register_datasets(register):
    register("stripes", Stripes)
    register("shared", Shared)
    register("misshapen", Misshapen)


@hookimpl
def register_autoencoders(register):
    register("linear", Linear)
    register("encoder", Encoder)
    register("decoder", Decoder)


@hookimpl
def register_samplers(register):
    register("normal", Normal)
    register("one-buffer", OneBuffer)
    register("dense", Dense)
    register("diagnosing", Diagnosing)


@hookimpl
def register_features(register):
    register("pixels", Pixels)
    register("vectors", Vectors)


@hookimpl
def register_metrics(register):
    register("distance", Distance)
    register("spread", Spread)
    register("error", Error)
    register("greedy", Greedy)
    register("sum", Sum)
    register("bits", Bits)
    register("odd", Odd)
    register("groundless", Groundless)
