"""samplebench: one benchmark for autoencoders and for samplers of their latent spaces.

The names below are all that a plugin needs; ``load_dataset`` is for whoever trains a model
elsewhere, ``load_autoencoder``, ``fit_sampler``, ``save_sampler`` and ``load_sampler`` for whoever
uses what was trained and fitted. They are imported when first used, so that commands which only
read records never wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samplebench.contracts.autoencoder import AdversarialAutoencoder, Autoencoder
    from samplebench.contracts.dataset import (
        Dataset,
        Images,
        ImageShape,
        Samples,
        Shape,
        Split,
        describe_shape,
        is_image,
        require_image,
    )
    from samplebench.contracts.features import FeatureExtractor
    from samplebench.contracts.form import Form
    from samplebench.contracts.given import as_latents
    from samplebench.contracts.latents import (
        Continuous,
        Discrete,
        Latents,
        LatentSpace,
        Mixture,
        Sparse,
    )
    from samplebench.contracts.metric import Evidence, Metric, Need
    from samplebench.contracts.sampler import DensitySampler, Sampler
    from samplebench.errors import (
        BadAnswer,
        BadCheckpoint,
        BadRecord,
        BadSamplerFile,
        BadSetting,
        BadSpec,
        BadSuite,
        ClusterLost,
        DataMissing,
        HubError,
        NoNumber,
        NothingToRun,
        OtherFormat,
        PluginError,
        SamplebenchError,
        StorageError,
        TrainingDiverged,
        UndeclaredNeed,
        UnknownPart,
        UsageError,
        WeightsMissing,
    )
    from samplebench.folders import cache_folder, data_folders, site_folder
    from samplebench.in_python import Results, read_results, run, score
    from samplebench.pipeline.exchange.datasets import load_dataset
    from samplebench.pipeline.exchange.fitted import (
        fit_sampler,
        load_sampler,
        log_prob,
        save_sampler,
    )
    from samplebench.pipeline.exchange.measure import measure
    from samplebench.pipeline.exchange.pretrained import load_autoencoder
    from samplebench.randomness import seeded
    from samplebench.registry.hookspecs import Register, hookimpl
    from samplebench.vocabulary import Cost

__version__ = "0.1.0"

_HOMES = {
    "AdversarialAutoencoder": "contracts.autoencoder",
    "Autoencoder": "contracts.autoencoder",
    "Dataset": "contracts.dataset",
    "Images": "contracts.dataset",
    "ImageShape": "contracts.dataset",
    "Samples": "contracts.dataset",
    "Shape": "contracts.dataset",
    "Split": "contracts.dataset",
    "describe_shape": "contracts.dataset",
    "is_image": "contracts.dataset",
    "require_image": "contracts.dataset",
    "FeatureExtractor": "contracts.features",
    "Form": "contracts.form",
    "Continuous": "contracts.latents",
    "Discrete": "contracts.latents",
    "Latents": "contracts.latents",
    "LatentSpace": "contracts.latents",
    "Mixture": "contracts.latents",
    "Sparse": "contracts.latents",
    "Evidence": "contracts.metric",
    "Metric": "contracts.metric",
    "Need": "contracts.metric",
    "DensitySampler": "contracts.sampler",
    "Sampler": "contracts.sampler",
    "DataMissing": "errors",
    "NoNumber": "errors",
    "SamplebenchError": "errors",
    "UndeclaredNeed": "errors",
    "WeightsMissing": "errors",
    "UsageError": "errors",
    "BadSpec": "errors",
    "UnknownPart": "errors",
    "BadSetting": "errors",
    "BadSuite": "errors",
    "ClusterLost": "errors",
    "PluginError": "errors",
    "NothingToRun": "errors",
    "StorageError": "errors",
    "BadCheckpoint": "errors",
    "BadSamplerFile": "errors",
    "HubError": "errors",
    "BadAnswer": "errors",
    "BadRecord": "errors",
    "OtherFormat": "errors",
    "TrainingDiverged": "errors",
    "cache_folder": "folders",
    "data_folders": "folders",
    "site_folder": "folders",
    "Results": "in_python",
    "read_results": "in_python",
    "run": "in_python",
    "score": "in_python",
    "fit_sampler": "pipeline.exchange.fitted",
    "load_autoencoder": "pipeline.exchange.pretrained",
    "load_dataset": "pipeline.exchange.datasets",
    "load_sampler": "pipeline.exchange.fitted",
    "log_prob": "pipeline.exchange.fitted",
    "measure": "pipeline.exchange.measure",
    "as_latents": "contracts.given",
    "save_sampler": "pipeline.exchange.fitted",
    "seeded": "randomness",
    "Register": "registry.hookspecs",
    "hookimpl": "registry.hookspecs",
    "Cost": "vocabulary",
}

__all__ = [
    "AdversarialAutoencoder",
    "Autoencoder",
    "BadAnswer",
    "BadCheckpoint",
    "BadRecord",
    "BadSamplerFile",
    "BadSetting",
    "BadSpec",
    "BadSuite",
    "ClusterLost",
    "Continuous",
    "Cost",
    "DataMissing",
    "Dataset",
    "DensitySampler",
    "Discrete",
    "Evidence",
    "FeatureExtractor",
    "Form",
    "HubError",
    "ImageShape",
    "Images",
    "LatentSpace",
    "Latents",
    "Metric",
    "Mixture",
    "Need",
    "NoNumber",
    "NothingToRun",
    "OtherFormat",
    "PluginError",
    "Register",
    "Results",
    "SamplebenchError",
    "Sampler",
    "Samples",
    "Shape",
    "Sparse",
    "Split",
    "StorageError",
    "TrainingDiverged",
    "UndeclaredNeed",
    "UnknownPart",
    "UsageError",
    "WeightsMissing",
    "as_latents",
    "cache_folder",
    "data_folders",
    "describe_shape",
    "fit_sampler",
    "hookimpl",
    "is_image",
    "load_autoencoder",
    "load_dataset",
    "load_sampler",
    "log_prob",
    "measure",
    "read_results",
    "require_image",
    "run",
    "save_sampler",
    "score",
    "seeded",
    "site_folder",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'samplebench' has no attribute {name!r}")
    return getattr(import_module(f"samplebench.{_HOMES[name]}"), name)
