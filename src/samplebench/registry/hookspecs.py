"""The hooks that a plugin may implement. Most get ``register`` and call it once for each part.

``register(name, factory)``: the name is lower case with hyphens. The factory takes settings by
name, each with a default. The arguments of its kind come first: ``data_dir`` for a dataset,
``shape`` for an autoencoder or a feature extractor.

``register(name, factory, later=("latents",))`` names settings that the factory gained when records
of the part existed. At their defaults they are in no identity, so that these records still hold.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol, runtime_checkable

import pluggy

API_VERSION = 1
"""The version of the hooks. A plugin that states another ``samplebench_api`` is not loaded."""

Factory = Callable[..., Any]


@runtime_checkable
class Register(Protocol):
    """The type of the argument of hooks."""

    def __call__(self, name: str, factory: Factory, *, later: Collection[str] = ()) -> None: ...


hookspec = pluggy.HookspecMarker("samplebench")
hookimpl = pluggy.HookimplMarker("samplebench")


@hookspec
def register_datasets(register: Register) -> None:
    """Offer datasets: ``factory(data_dir, **settings) -> Dataset``."""


@hookspec
def register_autoencoders(register: Register) -> None:
    """Offer autoencoders: ``factory(shape, **settings) -> Autoencoder``."""


@hookspec
def register_samplers(register: Register) -> None:
    """Offer samplers: ``factory(**settings) -> Sampler``."""


@hookspec
def register_features(register: Register) -> None:
    """Offer feature extractors: ``factory(shape, **settings) -> FeatureExtractor``."""


@hookspec
def register_metrics(register: Register) -> None:
    """Offer metrics: ``factory(**settings) -> Metric``."""


@hookspec
def warm_up() -> None:
    """Import slow modules that parts import lazily; called once for all child processes."""
