"""The stage of real data: the features of training samples, for floors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from samplebench.contracts.dataset import as_floats
from samplebench.digests import digest_of_data
from samplebench.pipeline.provenance import platform_of
from samplebench.pipeline.request.suite import Counts
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.extraction import extract
from samplebench.pipeline.stages.core.floors import choose_subsets
from samplebench.pipeline.stages.data import DataStage, load_data
from samplebench.pipeline.stages.features import FeaturesStage
from samplebench.pipeline.stages.files import load_tensors, save_tensors
from samplebench.pipeline.stages.stage import Outcome, Report, Stage, path_of
from samplebench.pipeline.workspace import Site

_FEATURES = "real.safetensors"


@dataclass(frozen=True)
class RealFeaturesStage:
    """Extract features of the subsets of training samples on which floors are measured.

    They are the same for every autoencoder. Its work holds the features of each subset.
    """

    extractor: FeaturesStage
    counts: Counts

    @property
    def site(self) -> Site:
        return self.extractor.site

    @property
    def data(self) -> DataStage:
        return self.extractor.data

    @property
    def title(self) -> str:
        return f"features of real data: {self.extractor.features} on {self.data.dataset}"

    @property
    def shared_in(self) -> Path:
        return self.site.workspace

    @property
    def needs(self) -> tuple[Stage, ...]:
        return (self.data, self.extractor)

    @property
    def wants(self) -> tuple[Stage, ...]:
        return ()

    def make(self, made: Mapping[Stage, Outcome], report: Report) -> Path:
        del report  # it is one step
        data = load_data(path_of(made, self.data))
        fitted = self.extractor.load(path_of(made, self.extractor), data)

        def save(folder: Path) -> None:
            train = data.train.samples[: self.counts.train]
            device = torch.device(self.site.device)
            subsets = choose_subsets(len(train), self.counts.generated)
            features = {
                str(place): extract(fitted.extractor, as_floats(train[rows]).to(device))
                for place, rows in enumerate(subsets)
            }
            save_tensors(folder / _FEATURES, features)

        return self.site.artefact("real", self._key(data, fitted.weights), save)

    def load(self, place: Path) -> Sequence[Tensor]:
        """The features of each subset, from the work that lies at ``place``."""
        tensors = load_tensors(place / _FEATURES)
        return [tensors[name].to(self.site.device) for name in sorted(tensors, key=int)]

    def _key(self, data: Data, weights: str) -> str:
        """A digest of all that decides the work."""
        return digest_of_data(
            {
                "data": data.fingerprint,
                "features": str(self.extractor.features),
                "weights": weights,
                "counts": [self.counts.train, self.counts.generated],
                **platform_of(self.site, core_code()),
            }
        )
