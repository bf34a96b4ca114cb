"""Records to test with, made without running anything."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from samplebench.results.record import FeaturesRecord, PartRecord, Provenance, Record, Score


def part(spec: str, **changes: Any) -> PartRecord:
    name, _, settings = spec.partition("(")
    pairs = (pair.split("=") for pair in settings.rstrip(")").split(", ") if pair)
    content = {
        "spec": spec,
        "name": name,
        "settings": dict(pairs),
        "plugin": "samplebench_test",
        "version": "0.1.0",
        "code": digest("code"),
    }
    return PartRecord(**content | changes)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def score(title: str, value: float | None, **changes: Any) -> Score:
    """A score of images, the lower the better; ``weights`` names its extractor."""
    weights = changes.pop("weights", None)
    extractor = FeaturesRecord(
        part=part("classifier"), weights=digest(str(weights)), facts={"held_out_accuracy": 0.987}
    )
    content = {
        "metric": part(changes.pop("metric", title.lower().replace(" ", "-"))),
        "features": extractor if weights else None,
        "title": title,
        "unit": "",
        "better": "lower",
        "subject": "images",
        "alarm": None,
        "value": value,
        "floor": None,
        "problem": None if value is not None else "the metric gave nan",
    }
    return Score(**content | changes)


def record(
    sampler: str | PartRecord | None, seed: int, scores: list[Score], **changes: Any
) -> Record:
    """A measured record of ``sampler``, or of reconstructions."""
    origin = changes.pop("provenance", {})
    autoencoder = changes.pop("autoencoder", "vae")
    content = {
        "suite": "toy",
        "status": "measured",
        "reason": None,
        "role": "sampler" if sampler else "reconstruction",
        "dataset": part("digits"),
        "autoencoder": part(autoencoder) if isinstance(autoencoder, str) else autoencoder,
        "sampler": part(sampler) if isinstance(sampler, str) else sampler,
        "seed": seed,
        "protocol": {"version": 1, "training": {"epochs": 30}, "counts": {"generated": 1000}},
        "latent_space": {"kind": "Continuous", "channels": 16, "grid": []},
        "counts": {"generated": 1000, "reference": 360},
        "scores": scores,
        "costs": {},
        "diagnostics": {},
        "provenance": provenance(**origin),
        "picture": None,
    }
    content |= changes
    keys = (content["dataset"], content["autoencoder"], content["sampler"])
    identity = [each and (each.key, each.checkpoint) for each in keys]
    named = digest(repr((identity, content["role"], seed, content["protocol"], origin)))
    return Record(**{"identity": named} | content)


def records_of_a_row(sampler: str | None, values: Sequence[float], **changes: Any) -> list[Record]:
    """Records of one row, one for each value of its only score."""
    about = {
        name: changes.pop(name)
        for name in ("title", "subject", "better", "diagnostic", "alarm", "weights", "floor")
        if name in changes
    }
    title = about.pop("title", "FD")
    return [
        record(sampler, seed, [score(title, value, **about)], **changes)
        for seed, value in enumerate(values)
    ]


def provenance(**changes: Any) -> Provenance:
    content = {
        "samplebench": "0.1.0",
        "python": "3.12.3",
        "torch": "2.14.1",
        "cuda": None,
        "packages": {},
        "commit": "0123456789ab",
        "device": "CPU",
        "processor": "Example 9000",
        "cores": 2,
        "threads": 2,
        "system": "Linux x86_64",
        "deterministic": True,
        "data": digest("data"),
        "suite": digest("suite"),
        "core": digest("core"),
        "finished": "2026-10-01T12:00:00+00:00",
    }
    return Provenance(**content | changes)


@pytest.fixture(scope="session")
def make_part() -> Callable[..., PartRecord]:
    return part


@pytest.fixture(scope="session")
def make_score() -> Callable[..., Score]:
    return score


@pytest.fixture(scope="session")
def make_record() -> Callable[..., Record]:
    return record


@pytest.fixture(scope="session")
def seeds_of() -> Callable[..., list[Record]]:
    return records_of_a_row
