"""A plugin whose names, titles and reasons would do harm where they are shown as they are."""

import sys
from pathlib import Path

from samplebench import Continuous, Metric, Need, Sampler, hookimpl

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from toy_parts import Normal

SHOUTS = {
    "surrogate": "half a \ud800 character",
    "escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "nul": "a\0b",
    "lines": "one\nsamplebench: forged\r\nthree",
    "direction": "abc\u202egnp.exe\u2066",
    "c1": "\x9b31m\x85",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markup": "[/bold] [link=file:///]x[/link] | `` ` ![](x)",
    "endless": "long " * 10_000_000,
}


class Shouting(Sampler):
    """Fails with a reason that does harm."""

    accepts = (Continuous,)

    def __init__(self, kind: str = "escape") -> None:
        self.kind = kind

    def fit(self, latents):
        raise RuntimeError(SHOUTS[self.kind])

    def sample(self, count):
        raise RuntimeError


class Naming(Normal):
    """Gives diagnostics whose names do harm."""

    def __init__(self, kind: str = "escape") -> None:
        super().__init__()
        self.kind = kind

    def diagnostics(self):
        return {SHOUTS[self.kind][:200]: 1.0}


class Kept(Normal):
    """Can be saved and loaded."""

    def state(self):
        return {"mean": self.mean, "std": self.std}

    def restore(self, space, state):
        self.space, self.mean, self.std = space, state["mean"], state["std"]


class Titled(Metric):
    """Has a title and a unit that do harm."""

    better = "lower"
    subject = "images"
    needs = frozenset({Need.GENERATED})

    def __init__(self, kind: str = "escape") -> None:
        self.title = self.unit = SHOUTS[kind][:200]

    def measure(self, evidence):
        return evidence.generated.mean().item()


@hookimpl
def register_samplers(register):
    register("shouting", Shouting)
    register("naming", Naming)
    register("kept", Kept)


@hookimpl
def register_metrics(register):
    register("titled", Titled)
