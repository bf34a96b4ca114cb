"""The file of Inception's weights: find it, read it, recognise the official one."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from samplebench import WeightsMissing

OFFICIAL_SHA256 = "6726825d"
"""The start of the official file's SHA-256, which torch-fidelity does not check."""


def find_weights(given: str) -> Path:
    """Find the file that was given, or the official one in torch hub's checkpoint folder.

    The official one is downloaded if it is not there.

    Raises:
        WeightsMissing: it is not there, and cannot be downloaded.
    """
    if not given:
        return _official_file()
    file = Path(given).expanduser()
    if not file.is_file():
        raise WeightsMissing(
            f"inception(weights={given!r}): there is no such file; "
            "without the setting, the official weights are searched for and downloaded"
        )
    return file


def official_place() -> Path:
    """The place of the official file, if it was downloaded."""
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    return Path(torch.hub.get_dir(), "checkpoints", URL_INCEPTION_V3.rpartition("/")[2])


def _official_file() -> Path:
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    file = official_place()
    if file.is_file():
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            URL_INCEPTION_V3, str(file), hash_prefix=OFFICIAL_SHA256, progress=False
        )
    except (OSError, RuntimeError) as error:  # no network, or another file than expected
        raise WeightsMissing(
            f"features 'inception' need {file}, and downloading it failed ({error}). "
            f"Download {URL_INCEPTION_V3} on another machine and put it there, or give it as "
            "inception(weights='PATH'), or use features 'classifier' or 'random-conv'."
        ) from error
    return file


def is_official(file: Path) -> bool:
    """True for the weights with which a Fréchet distance is called FID."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest().startswith(OFFICIAL_SHA256)


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
