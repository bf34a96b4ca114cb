"""The stage of data: a dataset is read once for all, and its arrays are kept."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from samplebench.contracts.answers import check_splits
from samplebench.contracts.dataset import Split
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.files import load_split, save_split
from samplebench.pipeline.stages.stage import Outcome, Report, Stage
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import load_parts
from samplebench.registry.spec import Spec

_CHUNK = 4096  # samples hashed at a time


@dataclass(frozen=True)
class DataStage:
    """Read a dataset. Its work is named by its content, so that a changed file is noticed."""

    site: Site = field(repr=False)
    dataset: Spec

    @property
    def title(self) -> str:
        return f"reading {self.dataset}"

    @property
    def shared_in(self) -> None:
        return None  # each run reads the files, to see if they changed

    @property
    def needs(self) -> tuple[Stage, ...]:
        return ()

    @property
    def wants(self) -> tuple[Stage, ...]:
        return ()

    def make(self, made: Mapping[Stage, Outcome], report: Report) -> Path:
        del made, report  # it needs nothing, and reading has no steps
        chosen = load_parts(self.site.plugins).datasets.configured(self.dataset)
        dataset = chosen.build(self.site.data_dir)
        splits = check_splits(dataset)

        def save(folder: Path) -> None:
            for name, split in splits.items():
                save_split(folder, name, split)

        return self.site.artefact("samples", fingerprint(splits.values()), save)


def fingerprint(splits: Iterable[Split]) -> str:
    """A digest of shapes, samples and labels."""
    digest = hashlib.sha256()
    for split in splits:
        for part in (split.samples, split.labels):
            if part is not None:
                digest.update(_describe(part).encode())
                for chunk in torch.split(part, _CHUNK):
                    digest.update(chunk.contiguous().numpy().tobytes())
    return digest.hexdigest()[:24]


def _describe(part: Tensor) -> str:
    """The shape, and the type of arrays; images and labels have only one."""
    kind = f" {part.dtype}" if part.is_floating_point() else ""
    return f"{tuple(part.shape)}{kind}"


def load_data(place: Path) -> Data:
    """The data that a ``DataStage`` kept."""
    return Data(
        place.name,
        load_split(place, "train"),
        load_split(place, "test"),
        map_train=lambda: load_split(place, "train").samples,
    )
