"""One metric, measured on tensors that exist."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from samplebench.contracts.dataset import Samples, Shape, Split, Stored, as_floats, is_image
from samplebench.contracts.features import FeatureExtractor
from samplebench.contracts.given import as_latents
from samplebench.contracts.latents import Continuous, Latents, LatentSpace
from samplebench.contracts.metric import CONDITIONS, Evidence, Metric, Need, Shown
from samplebench.contracts.packing import Given, as_tensor
from samplebench.errors import NoNumber, SamplebenchError, UsageError
from samplebench.pipeline.stages.core.extraction import build_extractor, extract
from samplebench.pipeline.stages.core.scoring import measure_one
from samplebench.randomness import seeded
from samplebench.registry.loading import Choice, Parts, load_parts

_WORDS: Final[Mapping[Need, tuple[str, ...]]] = {
    Need.TRAIN: ("train",),
    Need.TEST: ("test",),
    Need.GENERATED: ("generated",),
    Need.RECONSTRUCTED: ("reconstructed",),
    Need.TRAIN_RECONSTRUCTED: ("train_reconstructed",),
    Need.LATENTS: ("train_latents", "test_latents"),
    Need.GENERATED_LATENTS: ("generated_latents",),
    Need.LABELS: ("train_labels", "test_labels"),
}
"""The arguments that stand for a need."""


def measure(
    metric: str,
    *,
    features: str | None = None,
    seed: int = 0,
    plugins: Iterable[str | Path] = (),
    **given: Given | Latents,
) -> float:
    """Measure a metric on arrays or tensors, as a run measures it.

    Args:
        metric: a spec: ``frechet-distance``, ``sliced-wasserstein(projections=100)``.
        features: the spec of the extractor in which samples are compared, fitted to ``train``;
            None compares the numbers of samples themselves.
        seed: of what the metric draws; that of the cell in a run.
        plugins: Python files of plugins to load in addition to the installed ones.
        **given: samples ``generated``, ``test``, ``train``, ``reconstructed`` and
            ``train_reconstructed``: images (samples, channels, height, width) as uint8 or floats
            in [0, 1], or arrays (samples, …); ``train_labels`` and ``test_labels``; and
            ``generated_latents``, ``test_latents`` and ``train_latents``: Latents or vectors.

    Raises:
        UsageError: an unknown part or word, or something that the metric needs is missing.
        NoNumber: the metric has no meaning for these samples.
    """
    parts = load_parts(Choice(files=tuple(str(Path(file).absolute()) for file in plugins)))
    chosen = parts.metrics.choose(metric)[0]
    built: Metric = chosen.build()
    _require_known(given)
    _require_all(str(chosen), built, given)
    held = _hold(given)
    shape, space = _shape_of(given), _space_of(held)
    if objection := built.objection(shape, space):
        raise UsageError(f"'{chosen}' cannot be measured here: it {objection}")
    evidence = Evidence({need: held[need] for need in held if need in built.needs})
    if Need.FEATURES in built.needs:
        evidence = evidence.with_features(_features(features, parts, given, held, shape))
    result = measure_one(seed, chosen.key, built, evidence)
    if result.value is None:
        kind = NoNumber if result.settled else SamplebenchError
        raise kind(f"'{chosen}' gave no number: {result.problem}")
    return result.value


def _require_known(given: Mapping[str, Any]) -> None:
    known = [word for words in _WORDS.values() for word in words]
    if unknown := sorted(given.keys() - set(known)):
        raise UsageError(f"there is nothing called {unknown[0]!r}; there are: {', '.join(known)}")


def _require_all(name: str, metric: Metric, given: Mapping[str, Any]) -> None:
    for need in sorted(metric.needs - CONDITIONS - {Need.FEATURES}):
        if need not in _WORDS:
            raise UsageError(f"'{name}' needs {need}, which only a run has: `samplebench run`")
        if missing := [word for word in _WORDS[need] if word not in given]:
            raise UsageError(f"'{name}' needs {' and '.join(f'{word}=' for word in missing)}")


def _hold(given: Mapping[str, Any]) -> dict[Need, Any]:
    """Convert what is given to evidence, for each need whose arguments are all there."""
    ready = {need: words for need, words in _WORDS.items() if all(w in given for w in words)}
    return {need: _convert(need, [given[word] for word in words]) for need, words in ready.items()}


def _convert(need: Need, parts: list[Any]) -> Any:
    if need in (Need.LATENTS, Need.GENERATED_LATENTS):
        latents = [as_latents(part) for part in parts]
        return tuple(latents) if need is Need.LATENTS else latents[0]
    if need is Need.LABELS:
        return tuple(as_tensor(part, None) for part in parts)
    if need is Need.TRAIN:
        stored = _store(parts[0])
        return lambda: stored
    samples = as_floats(_store(parts[0]))
    return (lambda: samples) if need is Need.TRAIN_RECONSTRUCTED else samples


def _store(part: Given) -> Stored:
    """Samples as datasets store them: images in 8 bits."""
    tensor = as_tensor(part, None)
    assert tensor is not None  # it was given
    if not is_image(tuple(tensor.shape[1:])):
        return tensor.float()
    if tensor.is_floating_point():
        if not (tensor.min() >= 0 and tensor.max() <= 1):
            raise UsageError("images are uint8, or floats in [0, 1]; these are floats outside it")
        tensor = tensor.mul(255).round()
    return tensor.to(torch.uint8)


def _shape_of(given: Mapping[str, Any]) -> Shape:
    samples = [
        part
        for word, part in given.items()
        if not word.endswith(("latents", "labels")) and not isinstance(part, Latents)
    ]
    shapes = {tuple(part.shape[1:]) for part in samples}
    if len(shapes) > 1:
        raise UsageError(f"samples have different shapes: {', '.join(map(str, sorted(shapes)))}")
    return next(iter(shapes), (1,))


def _space_of(held: Mapping[Need, Any]) -> LatentSpace:
    train, test = held.get(Need.LATENTS, (None, None))
    drawn = held.get(Need.GENERATED_LATENTS)
    spaces = {each.space for each in (train, test, drawn) if each is not None}
    if len(spaces) > 1:
        raise UsageError(f"latents are of different spaces: {', '.join(map(str, spaces))}")
    return next(iter(spaces), Continuous(1))


def _features(
    spec: str | None,
    parts: Parts,
    given: Mapping[str, Any],
    held: Mapping[Need, Any],
    shape: Shape,
) -> Callable[[Shown], Tensor]:
    shown: dict[Shown, Callable[[], Samples]] = {
        "test": lambda: held[Need.TEST],
        "reconstructed": lambda: held[Need.RECONSTRUCTED],
        "train_reconstructed": lambda: held[Need.TRAIN_RECONSTRUCTED](),
        "generated": lambda: held[Need.GENERATED],
    }
    if spec is None:
        return lambda which: shown[which]().flatten(1)
    chosen = parts.features.choose(spec)[0]
    if "train" not in given:
        raise UsageError(f"features '{chosen}' are fitted to training samples: give train=")
    extractor: FeatureExtractor = build_extractor(lambda: chosen.build(shape))
    labels = as_tensor(given["train_labels"], None) if "train_labels" in given else None
    with seeded(0, "features"):
        extractor.fit(Split(held[Need.TRAIN](), labels))
    extractor.eval()
    return lambda which: extract(extractor, shown[which]())
