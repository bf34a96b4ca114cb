"""The stage of feature extractors: each is fitted once a dataset."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from samplebench.contracts.features import FeatureExtractor
from samplebench.digests import digest_of_data, digest_of_file
from samplebench.pipeline.provenance import digest_of_tensors, platform_of, relevant_versions
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.extraction import (
    FittedExtractor,
    build_extractor,
    fit_extractor,
)
from samplebench.pipeline.stages.data import DataStage, load_data
from samplebench.pipeline.stages.files import load_tensors, save_tensors
from samplebench.pipeline.stages.stage import Outcome, Report, Stage, path_of
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import load_parts
from samplebench.registry.registry import Chosen
from samplebench.registry.spec import Spec

_WEIGHTS = "weights.safetensors"
_TEST = "test.safetensors"


@dataclass(frozen=True)
class FeaturesStage:
    """Fit a feature extractor. Its work holds the weights, and the held-out samples' features."""

    data: DataStage
    features: Spec
    held_out: int | None
    """Held-out samples that have features, at most."""

    @property
    def site(self) -> Site:
        return self.data.site

    @property
    def title(self) -> str:
        return f"features: {self.features} on {self.data.dataset}"

    @property
    def shared_in(self) -> Path:
        return self.site.workspace

    @property
    def needs(self) -> tuple[Stage, ...]:
        return (self.data,)

    @property
    def wants(self) -> tuple[Stage, ...]:
        return ()

    def make(self, made: Mapping[Stage, Outcome], report: Report) -> Path:
        del report  # an extractor reports nothing of its training
        chosen = load_parts(self.site.plugins).features.configured(self.features)
        data = load_data(path_of(made, self.data))
        extractor = _initial(chosen, data)

        def fit(folder: Path) -> None:
            test = fit_extractor(
                extractor,
                train=data.train,
                test=data.test.samples[: self.held_out],
                device=torch.device(self.site.device),
            )
            save_tensors(folder / _WEIGHTS, extractor.state_dict())
            save_tensors(folder / _TEST, {"test": test})

        return self.site.artefact("features", self._key(chosen, extractor, data), fit)

    def load(self, place: Path, data: Data) -> FittedExtractor:
        """The work that lies at ``place``."""
        chosen = load_parts(self.site.plugins).features.configured(self.features)
        device = torch.device(self.site.device)
        extractor = _initial(chosen, data)
        weights = load_tensors(place / _WEIGHTS)
        extractor.load_state_dict(weights)
        extractor.to(device).eval()
        test = load_tensors(place / _TEST)["test"].to(device)
        return FittedExtractor(extractor, test, digest_of_tensors(weights))

    def _key(self, chosen: Chosen, extractor: FeatureExtractor, data: Data) -> str:
        """A digest of all that decides the work."""
        return digest_of_data(
            {
                "data": data.fingerprint,
                "features": chosen.part.name,
                "settings": chosen.settings,
                "files": [digest_of_file(file) for file in extractor.files if file.is_file()],
                "code": chosen.code.digest,
                "packages": relevant_versions([chosen.code]),
                "held-out": self.held_out,
                **platform_of(self.site, core_code()),
            }
        )


def _initial(chosen: Chosen, data: Data) -> FeatureExtractor:
    return build_extractor(lambda: chosen.build(data.shape))
