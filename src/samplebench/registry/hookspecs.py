"""The hooks that a plugin may implement. Most get ``register`` and call it once a part.

``register(name, factory)``: the name is lower case with hyphens; the factory takes settings by
name, each with a default, after what its kind is always given (a dataset ``data_dir``; an
autoencoder and a feature extractor ``image_shape``).
"""

from collections.abc import Callable
from typing import Any

import pluggy

API_VERSION = 1
"""A plugin may state ``samplebench_api = 1``; one that states another number is not loaded."""

Factory = Callable[..., Any]

Register = Callable[[str, Factory], None]
"""What a hook is given: ``register(name, factory)``."""

hookspec = pluggy.HookspecMarker("samplebench")
hookimpl = pluggy.HookimplMarker("samplebench")


@hookspec
def register_datasets(register: Register) -> None:
    """Offer datasets: ``factory(data_dir, **settings) -> Dataset``."""


@hookspec
def register_autoencoders(register: Register) -> None:
    """Offer autoencoders: ``factory(image_shape, **settings) -> Autoencoder``."""


@hookspec
def register_samplers(register: Register) -> None:
    """Offer samplers: ``factory(**settings) -> Sampler``."""


@hookspec
def register_features(register: Register) -> None:
    """Offer feature extractors: ``factory(image_shape, **settings) -> FeatureExtractor``."""


@hookspec
def register_metrics(register: Register) -> None:
    """Offer metrics: ``factory(**settings) -> Metric``."""


@hookspec
def warm_up() -> None:
    """Import what parts import late because it takes long: called once for all child processes."""
