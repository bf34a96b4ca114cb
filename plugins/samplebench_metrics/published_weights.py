"""Published files of weights: find one, download it, recognise it, read it."""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from samplebench import WeightsMissing, site_folder

_HUB = Path("hub", "checkpoints")
"""The folder of torch hub's files under TORCH_HOME, and so under a site's folder."""


@dataclass(frozen=True)
class PublishedWeights:
    """A published file of weights, and the places in which it may lie.

    It is looked up in an installed package if one ships it, then in torch hub's checkpoint folder,
    then in that of the site; else it is downloaded to torch hub's.

    Attributes:
        features: the extractor that reads it, as the user names it.
        url: where it is published.
        sha256: the start of its SHA-256.
        instead: what a user without a network can do other than copying the file.
        packaged: its place in an installed package.
    """

    features: str
    url: str
    sha256: str
    instead: str
    packaged: Path | None = None

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def place(self) -> Path:
        """The place to which it is downloaded."""
        return Path(torch.hub.get_dir(), "checkpoints", self.name)

    def locate(self) -> Path:
        """The place of the file: the first that has it, or the one to which it is downloaded."""
        site = site_folder()
        shared = [site / _HUB / self.name] if site else []
        packaged = [self.packaged] if self.packaged else []
        places = (*packaged, self.place, *shared)
        return next((place for place in places if place.is_file()), self.place)

    def find(self, given: str) -> Path:
        """Find the file that was given, or the published one, which is downloaded if it is absent.

        Raises:
            WeightsMissing: it is absent and cannot be downloaded, or something else lies there.
        """
        if given:
            return self._require_given(given)
        file = self.locate()
        if not file.is_file():
            self._download()
        if not self.is_official(file):
            raise WeightsMissing(
                f"{file} is not the published file of {self.url} (its SHA-256 does not begin with "
                f"{self.sha256}): delete it, so that it is downloaded again, or give it as "
                f"{self.features}(weights={str(file)!r})"
            )
        return file

    def is_official(self, file: Path) -> bool:
        """True if a file is the published one, by its SHA-256."""
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest().startswith(self.sha256)

    def _require_given(self, given: str) -> Path:
        file = Path(given).expanduser()
        if not file.is_file():
            raise WeightsMissing(
                f"{self.features}(weights={given!r}): there is no such file; "
                "without the setting, the official weights are searched for and downloaded"
            )
        return file

    def _download(self) -> None:
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(
                self.url, str(self.place), hash_prefix=self.sha256, progress=False
            )
        except (OSError, RuntimeError) as error:  # no network, or another file than expected
            raise WeightsMissing(
                f"features '{self.features}' need {self.place}, and downloading it failed "
                f"({error}). Download {self.url} on another machine and put it there, or give it "
                f"as {self.features}(weights='PATH'), or {self.instead}."
            ) from error


def read_weights(file: Path) -> Mapping[str, Tensor]:
    """Read the tensors in the file by name. Runs no code that the file may hold.

    Raises:
        WeightsMissing: it does not hold named tensors.
    """
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise WeightsMissing(f"{file} cannot be read as weights of PyTorch: {error}") from error
    if isinstance(weights, Mapping) and weights and all(map(torch.is_tensor, weights.values())):
        return weights
    raise WeightsMissing(f"{file} holds something other than tensors by name")
