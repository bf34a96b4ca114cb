"""Checks of answers: each method of a contract has one, for the harness and the kit alike.

An answer that breaks its contract raises ``BadAnswer``. It says what was asked, what came, and
what the author of the part can do.
"""

import math
from collections.abc import Callable, Mapping
from numbers import Real

import torch
from torch import Tensor

from samplebench.contracts import validation
from samplebench.contracts.dataset import (
    Dataset,
    Samples,
    Shape,
    Split,
    count_shared,
    describe_shape,
    is_image,
)
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.errors import BadAnswer


def check_draws(drawn: object, *, count: int, space: LatentSpace) -> Latents:
    """Return ``sample(count)``, if it is ``count`` latents of the fitted space.

    Raises:
        BadAnswer: it is not.
    """
    pack = "latents.space.pack(values=…) of the space that was fitted"
    return _check_latents(f"sample({count})", drawn, count=count, space=space, advice=pack)


def check_encoded(encoded: object, *, count: int, space: LatentSpace) -> Latents:
    """Return ``encode(samples)`` of so many samples, if it is as many latents of ``latent_space``.

    Raises:
        BadAnswer: it is not.
    """
    pack, call = "self.latent_space.pack(values=…)", f"encode({count} samples)"
    return _check_latents(call, encoded, count=count, space=space, advice=pack)


def check_repeatable(first: Latents, again: Latents) -> None:
    """Refuse two encodings of the same samples that differ by more than rounding.

    Raises:
        BadAnswer: they differ.
    """
    rounding = 1e-4 * max(map(abs, validation.find_extremes(first.values)))
    differ = (first.values - again.values).abs() > rounding
    if differ.any() or not torch.equal(first.codes, again.codes):
        raise BadAnswer(
            "encode must give the same latents of the same samples each time, and two calls gave "
            "different ones: encode to means in evaluation mode, or state `draws_latents = True`"
        )


def check_decoded(decoded: object, *, latents: Latents, shape: Shape) -> Samples:
    """Return ``decode(latents)``, if it is a float sample for each latent.

    Images are in [0, 1], arrays are finite.

    Raises:
        BadAnswer: it is not.
    """
    call = f"decode({len(latents)} latents)"
    rule = "images in [0, 1]" if is_image(shape) else "finite arrays"
    checked = _check_tensor(call, decoded, (len(latents), *shape), like=latents.values, rule=rule)
    low, high = validation.find_extremes(checked)
    if not is_image(shape):
        _require_finite(call, low, high)
        return checked
    if not (low >= 0 and high <= 1):  # NaN is in no range
        raise BadAnswer(
            f"{call} must give images in [0, 1] and gave values in [{low:.4g}, {high:.4g}]; "
            "end the decoder in a sigmoid, or rescale and clamp what it gives"
        )
    return checked


def check_features(features: object, *, samples: Samples) -> Tensor:
    """Return ``features(samples)``, if it is one finite vector for each sample.

    Raises:
        BadAnswer: it is not.
    """
    call, rule = f"features({len(samples)} samples)", "one vector for each sample"
    width = features.shape[1] if isinstance(features, Tensor) and features.ndim == 2 else 1
    checked = _check_tensor(call, features, (len(samples), max(1, width)), like=samples, rule=rule)
    _require_finite(call, *validation.find_extremes(checked))
    return checked


def check_log_probs(logs: object, *, latents: Latents) -> Tensor:
    """Return ``log_prob(latents)``, if it is one float for each latent, and none NaN or +inf.

    Minus infinity is a density of zero.

    Raises:
        BadAnswer: it is not.
    """
    call = f"log_prob({len(latents)} latents)"
    rule = "one log density for each latent"
    checked = _check_tensor(call, logs, (len(latents),), like=latents.values, rule=rule)
    _, high = validation.find_extremes(checked)
    if not high < math.inf:
        raise BadAnswer(
            f"{call} must give log densities and gave NaN or infinity; where the density is zero "
            "it is -inf, and a density that is infinite somewhere is stated by `no_density`"
        )
    return checked


def check_number(call: str, number: object) -> float:
    """Return an answer that is a number, and not a text, a truth value or a tensor, as a float.

    Args:
        call: the method that gave it, such as "measure".

    Raises:
        BadAnswer: it is no number.
    """
    if isinstance(number, bool) or not isinstance(number, Real):
        raise BadAnswer(
            f"{call} must give a float and gave {type(number).__name__} {_shorten(number)}; "
            "return float(…)"
        )
    return float(number)


def keep_numbers(call: str, answer: Callable[[], object]) -> tuple[dict[str, float], list[str]]:
    """Return the finite numbers by name that a part tells its reader, and a remark on each answer
    that is left out.

    Args:
        call: the method that gives them, such as "diagnostics".
        answer: gives them; it may raise anything.
    """
    kept: dict[str, float] = {}
    try:
        told = answer()
        if not isinstance(told, Mapping):
            return {}, [f"{call} must give a mapping and gave {type(told).__name__}: left out"]
        remarks = []
        for name, number in told.items():
            problem = _find_problem(name, number)
            if problem:
                remarks.append(f"{call} {_shorten(name)}: {problem}, left out")
            else:
                kept[name] = float(number)
    except Exception as error:  # a part may raise anything
        return {}, [f"{call} raised {type(error).__name__}: {_shorten(error)}"]
    return kept, remarks


def check_splits(dataset: Dataset) -> dict[str, Split]:
    """Read both splits, if their samples have the stated shape and none is in both.

    Raises:
        BadAnswer: they have not, or samples are shared.
    """
    splits = {"train": dataset.train(), "test": dataset.test()}
    for name, split in splits.items():
        check_split(name, split, shape=dataset.shape)
    if not dataset.may_repeat:
        check_apart(**splits)
    return splits


def check_split(name: str, split: object, *, shape: Shape) -> None:
    """Refuse what is no split, or has samples of another shape than stated.

    Raises:
        BadAnswer: it is so.
    """
    if not isinstance(split, Split):
        raise BadAnswer(f"{name}() must give a samplebench.Split, and gave {type(split).__name__}")
    given = tuple(split.samples.shape[1:])
    if given != shape:
        raise BadAnswer(
            f"{name}() must give {describe_shape(shape)}, its stated shape, and gave "
            f"{describe_shape(given)}; state the shape that the samples have, or bring them to it"
        )


def check_apart(train: Split, test: Split) -> None:
    """Refuse splits that share a sample.

    Raises:
        BadAnswer: they do; the message has the number.
    """
    if shared := count_shared(train, test):
        raise BadAnswer(
            f"train() and test() must share no sample, and {shared} of {len(test)} samples of "
            "test() are in train() too, byte for byte; leave them out of train()"
        )


def _check_latents(
    call: str, given: object, *, count: int, space: LatentSpace, advice: str
) -> Latents:
    if not isinstance(given, Latents):
        raise BadAnswer(
            f"{call} must give Latents and gave {type(given).__name__}; return {advice}"
        )
    if given.space != space or len(given) != count:
        raise BadAnswer(
            f"{call} must give {count} latents of {space} and gave {len(given)} of {given.space}"
        )
    return given


def _require_finite(call: str, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise BadAnswer(
            f"{call} must give finite numbers and gave NaN or infinity; "
            "look for a division or logarithm that can reach zero"
        )


def _check_tensor(
    call: str, given: object, shape: tuple[int, ...], *, like: Tensor, rule: str
) -> Tensor:
    """Return a floating tensor of that shape, where ``like`` is, detached."""
    wanted = f"{call} must give {rule}, a floating tensor {shape}"
    if not isinstance(given, Tensor):
        raise BadAnswer(f"{wanted}, and gave {type(given).__name__}")
    if tuple(given.shape) != shape or not given.is_floating_point():
        raise BadAnswer(f"{wanted}, and gave {given.dtype} {tuple(given.shape)}")
    if given.device != like.device:
        raise BadAnswer(f"{wanted} on {like.device}, and gave one on {given.device}")
    return given.detach()


def _find_problem(name: object, number: object) -> str | None:
    if not isinstance(name, str):
        return "no text, which a name must be"
    if isinstance(number, bool) or not isinstance(number, Real):
        return f"{type(number).__name__} {_shorten(number)}, which is no number"
    return None if math.isfinite(number) else f"{float(number)}, which is not finite"


def _shorten(answer: object) -> str:
    """The beginning of an answer as text."""
    text = str(answer) if isinstance(answer, BaseException) else repr(answer)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 80
"""Characters of an answer that a message quotes."""
