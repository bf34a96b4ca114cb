"""The stage of autoencoders: each is trained once for its data, settings and seed, with its
latents.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Stored
from samplebench.digests import digest_of_data, digest_of_file
from samplebench.errors import BadCheckpoint
from samplebench.pipeline.provenance import platform_of, relevant_versions
from samplebench.pipeline.request.autoencoders import digest_of_weights
from samplebench.pipeline.request.suite import Counts
from samplebench.pipeline.stages.checkpoint import load_checkpoint
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.training import (
    Trained,
    initialise,
    train_and_encode,
    train_on,
)
from samplebench.pipeline.stages.data import DataStage, load_data
from samplebench.pipeline.stages.files import (
    load_latents,
    load_tensors,
    save_latents,
    save_tensors,
)
from samplebench.pipeline.stages.stage import Outcome, Report, Stage, path_of
from samplebench.pipeline.workspace import (
    Site,
    read_json,
    write_json,
)
from samplebench.registry.loading import load_parts
from samplebench.registry.registry import Chosen
from samplebench.registry.spec import Spec
from samplebench.training import Budget
from samplebench.vocabulary import Cost

WEIGHTS = "weights.safetensors"
_LATENTS = "latents.safetensors"
_ABOUT = "about.json"


@dataclasses.dataclass(frozen=True)
class AutoencoderStage:
    """Train an autoencoder, or load its weights in place of training, and encode.

    Its work holds the weights, the latents of both splits, and the costs.

    Attributes:
        weights: a file of weights that is loaded.
        own: the digest of the weights that it brings itself, empty where it has none.
    """

    data: DataStage
    autoencoder: Spec
    seed: int
    training: Budget
    counts: Counts
    weights: Path | None = None
    own: str | None = None

    @property
    def loaded(self) -> str | None:
        """The digest of weights that are not trained here; ``None`` if it is trained."""
        return digest_of_file(self.weights) if self.weights else self.own

    @property
    def site(self) -> Site:
        return self.data.site

    @property
    def title(self) -> str:
        return f"autoencoder: {self.autoencoder} on {self.data.dataset}, seed {self.seed}"

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
        """Do the work.

        Raises:
            TrainingDiverged: the loss stopped being finite.
            BadCheckpoint: the weights that were to be loaded do not fit, or are others by now.
        """
        chosen = load_parts(self.site.plugins).autoencoders.configured(self.autoencoder)
        data = load_data(path_of(made, self.data))
        key = self._key(chosen, data)
        return self.site.artefact(
            "autoencoders", key, lambda folder: self._train(chosen, data, folder, report)
        )

    def load(self, place: Path, data: Data) -> Trained:
        """The work that lies at ``place``."""
        chosen = load_parts(self.site.plugins).autoencoders.configured(self.autoencoder)
        device = torch.device(self.site.device)
        autoencoder = self._initial(chosen, data)
        autoencoder.load_state_dict(load_tensors(place / WEIGHTS))
        autoencoder.to(device).eval()
        latents = load_latents(place / _LATENTS, autoencoder.latent_space, device)
        costs = read_json(place / _ABOUT)["costs"]
        return Trained(
            autoencoder,
            data.shape,
            latents["train"],
            latents["test"],
            {stage: Cost(**cost) for stage, cost in costs.items()},
        )

    def _key(self, chosen: Chosen, data: Data) -> str:
        """A digest of all that decides the work."""
        return digest_of_data(
            {
                "data": data.fingerprint,
                "autoencoder": chosen.part.name,
                "settings": chosen.settings,
                "code": chosen.code.digest,
                "packages": relevant_versions([chosen.code]),
                "training": dataclasses.asdict(self.training)
                if self.loaded is None
                else self.loaded,
                "counts": [self.counts.train, self.counts.reference],
                "seed": self.seed,
                **platform_of(self.site, core_code()),
            }
        )

    def _train(self, chosen: Chosen, data: Data, folder: Path, report: Report) -> None:
        samples = data.train.samples[: self.counts.train]
        trained = train_and_encode(
            self._initial(chosen, data),
            train=samples,
            test=data.test.samples[: self.counts.reference],
            device=torch.device(self.site.device),
            seed=self.seed,
            learn=self._learning(samples, report),
        )
        save_tensors(folder / WEIGHTS, trained.autoencoder.state_dict())
        save_latents(folder / _LATENTS, train=trained.train, test=trained.test)
        write_json(
            folder / _ABOUT,
            {
                "autoencoder": chosen.full,
                "costs": {name: dataclasses.asdict(c) for name, c in trained.costs.items()},
            },
        )

    def _learning(self, samples: Stored, report: Report) -> Callable[[Autoencoder], None]:
        """Load the weights, keep those that it brings, or train."""
        if self.weights:
            return partial(load_checkpoint, path=self.weights)
        if self.own is not None:
            return partial(_require_same_weights, planned=self.own)
        return partial(
            train_on, samples=samples, budget=self.training, seed=self.seed, report=report
        )

    def _initial(self, chosen: Chosen, data: Data) -> Autoencoder:
        return initialise(lambda: chosen.build(data.shape), self.seed)


def _require_same_weights(autoencoder: Autoencoder, planned: str) -> None:
    """Refuse weights that are not those with which the run was planned.

    Raises:
        BadCheckpoint: they are others.
    """
    if digest_of_weights(autoencoder) != planned:
        raise BadCheckpoint(
            "the weights that it brings are not those with which this run was planned: keep its "
            "files as they are while it runs, and let no weight depend on a seed"
        )
