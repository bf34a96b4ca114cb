"""Fitted samplers outside a run: fit one, save it, load it.

A saved sampler is one safetensors file: the tensors are its state, the header its record.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from samplebench.contracts.answers import check_log_probs
from samplebench.contracts.given import Layout, as_latents
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.contracts.packing import Given
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.digests import digest_of
from samplebench.errors import BadSamplerFile, UsageError
from samplebench.pipeline.device import choose_device
from samplebench.pipeline.provenance import digest_of_tensors
from samplebench.pipeline.stages.part_records import part_record
from samplebench.plain_text import shorten
from samplebench.randomness import seeded
from samplebench.registry.loading import Choice, load_parts
from samplebench.registry.registry import Chosen, Registry
from samplebench.registry.spec import Spec
from samplebench.results.labels import full_spec
from samplebench.results.record import PartRecord
from samplebench.results.store import write_whole

_HEADER: Final = "samplebench"


class SamplerRecord(BaseModel, extra="forbid", frozen=True):
    """The record of a saved sampler: its part, and the space of the latents it was fitted to."""

    format: Literal[1] = 1
    sampler: PartRecord
    space: dict[str, Any]
    digest: str | None = None
    """Of all else and of the tensors; ``None`` in files from before it was kept."""

    def content_digest(self, tensors: Mapping[str, Tensor]) -> str:
        """The digest of this record, but for its own digest, and of the tensors."""
        return digest_of(self.model_dump_json(exclude={"digest"}), digest_of_tensors(tensors))


def fit_sampler(
    spec: str,
    latents: Latents | Given,
    *,
    layout: Layout | None = None,
    codes: int | Sequence[int] | None = None,
    seed: int = 0,
    plugins: Iterable[str | Path] = (),
) -> Sampler:
    """Fit a sampler to latents as a run fits it.

    Args:
        spec: as in suites: ``gmm(components=20)``.
        latents: Latents; or an array or tensor: vectors, maps (``layout`` says where their
            channels are) or integer codes (``codes`` says how many a codebook has).
        plugins: Python files of plugins to load in addition to the installed ones.

    Raises:
        UsageError: the spec cannot be read, nothing of that name is installed, or the sampler
            does not take these latents, or they are no array.
    """
    _require_array(latents)
    latents = as_latents(latents, layout=layout, codes=codes)
    chosen = _samplers(plugins).choose(spec)
    if len(chosen) != 1:
        raise UsageError(f"{spec!r} is a grid of {len(chosen)} samplers where one is needed")
    with seeded(seed, "build sampler"):
        sampler: Sampler = chosen[0].build()
    if objection := sampler.objection(latents.space):
        raise UsageError(f"{spec} cannot be fitted to these latents: {objection}")
    with seeded(seed, "fit"):
        sampler.fit(latents.copy())  # of its own, and without gradients that an encoder left
    return sampler


def log_prob(
    sampler: Sampler, latents: Latents | Given, *, layout: Layout | None = None
) -> Float[Tensor, " samples"]:
    """Compute the log density of each latent under a fitted sampler, in nats; of codes, the log
    probability.

    Args:
        latents: as ``fit_sampler`` takes them. Integer codes are of the fitted codebooks.

    Raises:
        UsageError: the sampler has no density, or the latents are of another space than it was
            fitted to.
    """
    if not isinstance(sampler, DensitySampler):
        raise UsageError(
            f"{sampler} has no density, so it cannot state the probability of latents"
        )
    _require_array(latents)
    with seeded(0, "look"):
        space = sampler.sample(1).space
    ranges = space.code_ranges if len(space.code_ranges) != 1 else space.code_ranges[0]
    given = as_latents(latents, layout=layout, codes=ranges if _holds_integers(latents) else None)
    if given.space != space:
        raise UsageError(
            f"{sampler} was fitted to {space}, and these latents are of {given.space}"
        )
    if reason := sampler.no_density(space):
        raise UsageError(f"{sampler} has no density here: {reason}")
    return check_log_probs(sampler.log_prob(given.copy()), latents=given)


def _require_array(latents: object) -> None:
    if not isinstance(latents, Latents | Tensor | np.ndarray):
        raise UsageError(
            f"latents are an array or a tensor, not a {type(latents).__name__}; "
            "numpy.asarray makes an array of numbers"
        )


def _holds_integers(given: Latents | Given) -> bool:
    """True of an array or tensor of integers."""
    if isinstance(given, Latents):
        return False
    return not torch.as_tensor(given[:0]).is_floating_point()


def save_sampler(
    sampler: Sampler, file: str | Path, *, plugins: Iterable[str | Path] = ()
) -> None:
    """Save a fitted sampler to one file, which appears whole or not at all.

    Raises:
        UsageError: its class is no sampler of an installed plugin, or it cannot be saved.
        StorageError: the file cannot be written.
    """
    chosen = _describe(sampler, _samplers(plugins))
    try:
        state = sampler.state()
    except NotImplementedError as error:
        raise UsageError(f"'{chosen}' cannot be saved: {error}") from error
    except AttributeError as error:  # what a fit would have set
        raise UsageError(f"'{chosen}' cannot be saved: it is not fitted ({error})") from error
    with seeded(0, "look"):  # leaves the caller's random streams where they are
        space = sampler.sample(1).space
    record = SamplerRecord(sampler=part_record(chosen), space=space.describe())
    tensors = {name: t.detach().cpu().contiguous().clone() for name, t in state.items()}
    whole = record.model_copy(update={"digest": record.content_digest(tensors)})
    write_whole(Path(file), save(tensors, {_HEADER: whole.model_dump_json()}))


def load_sampler(
    file: str | Path,
    *,
    device: str | torch.device = "cpu",
    plugins: Iterable[str | Path] = (),
) -> Sampler:
    """Load a fitted sampler that ``save_sampler`` wrote; it draws on ``device``.

    Warns if the sampler's code changed since it was saved.

    Raises:
        UsageError: there is no such file, or no such device.
        BadSamplerFile: it is no such file, or damaged, or does not fit what is installed.
    """
    record, state = _read(Path(file), torch.device(choose_device(str(device))))
    try:
        (chosen,) = _samplers(plugins).choose(full_spec(record.sampler))
    except UsageError as error:
        raise BadSamplerFile(
            f"{file} holds a fitted '{record.sampler.spec}' of {record.sampler.plugin} "
            f"{record.sampler.version}, which is not what is installed here: {error}"
        ) from error
    if chosen.code.digest != record.sampler.code:
        warnings.warn(
            f"'{chosen}' was saved with other code of {record.sampler.plugin}: it may draw "
            "other latents than it did",
            stacklevel=2,
        )
    sampler: Sampler = chosen.build()
    try:
        sampler.restore(LatentSpace.named(record.space), state)
        with seeded(0, "look"):
            sampler.sample(2)  # tensors of other shapes may be noticed only here
        _require_types(state, sampler.state())
    except (KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
        raise BadSamplerFile(
            f"{file} does not hold what '{chosen}' needs ({error}); fit it again"
        ) from error
    return sampler


def _require_types(read: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> None:
    """Raise TypeError if a tensor was turned into another type, which may have cut its numbers."""
    for name in read.keys() & kept.keys():
        if read[name].dtype != kept[name].dtype:
            raise TypeError(f"{name} is {read[name].dtype}, and it takes {kept[name].dtype}")


def _samplers(plugins: Iterable[str | Path]) -> Registry:
    files = tuple(str(Path(file).absolute()) for file in plugins)
    return load_parts(Choice(files=files)).samplers


def _describe(sampler: Sampler, installed: Registry) -> Chosen:
    """The spec of a sampler: its settings are the attributes of their names."""
    for part in installed.values():
        if _home(part.factory) == _home(type(sampler)):
            settings = {name: _as_setting(getattr(sampler, name)) for name in part.parameters}
            for name in part.nested:
                settings[name] = _describe(settings[name], installed).full
            return installed.configured(Spec(part.name, settings))
    raise UsageError(
        f"no installed sampler is made by the class {type(sampler).__name__}; register it in a "
        "plugin, and give its file with plugins=[…] if it is not installed"
    )


def _home(factory: Callable[..., Any]) -> tuple[str | None, str | None]:
    """The module and name of a class: the same file, loaded twice, makes two classes."""
    return getattr(factory, "__module__", None), getattr(factory, "__qualname__", None)


def _as_setting(value: Any) -> Any:
    """A value as specs write it, in which a list would be a grid."""
    return tuple(map(_as_setting, value)) if isinstance(value, list | tuple) else value


def _read(file: Path, device: torch.device) -> tuple[SamplerRecord, dict[str, Tensor]]:
    if not file.is_file():
        raise UsageError(f"no fitted sampler is at {file}: there is no such file")
    try:
        with safe_open(file, "pt", device=str(device)) as opened:
            header = (opened.metadata() or {}).get(_HEADER, "")
            record = SamplerRecord.model_validate_json(header, strict=True)
            names = opened.keys()
            tensors = {name: opened.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValidationError) as error:
        problem = str(error).splitlines()[0]
        raise BadSamplerFile(
            f"{file} is damaged, or no file that `save_sampler` wrote: {shorten(problem)}"
        ) from error
    if record.digest is not None and record.digest != record.content_digest(tensors):
        raise BadSamplerFile(
            f"{file} is damaged: its content does not have the digest that it states; save the "
            "sampler again"
        )
    return record, tensors
