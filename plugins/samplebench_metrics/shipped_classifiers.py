"""Classifiers that ship with samplebench: for each dataset a file of weights, and its card.

``docs/make_classifier.py`` makes both. A card belongs to the training images whose fingerprint it
states; the name of a dataset decides nothing.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import torch
from pydantic import BaseModel, ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from samplebench import Split, WeightsMissing
from samplebench.digests import digest_of, digest_of_file

ARCHITECTURE: Final = 1
"""The version of the network. Raised when it computes something else from the same weights."""

SHIPPED: Final = Path(__file__).parent / "classifier_weights"

_CHUNK = 4096  # images that a fingerprint copies at a time


class Card(BaseModel, extra="forbid", frozen=True):
    """The model card of a classifier: what its weights are, of what, and how they were made."""

    dataset: str
    reference: str | None
    """The published source of the images."""
    data: str
    """The digest of all images and labels, as records name it."""
    training_images: str
    """The digest of the training images and their labels, by which the card is found."""
    image_shape: tuple[int, int, int]
    classes: int
    architecture: int
    network: tuple[str, ...]
    """The layers, as torch describes them."""
    settings: Mapping[str, int]
    """All settings of the classifier."""
    training: str
    accuracy: float
    """The share of held-out training images whose class the network finds."""
    held_out: int
    """How many these are."""
    weights: str
    """The digest of the fitted extractor, as records and boards name it."""
    file: str
    """The digest of the file of weights."""
    seed: int
    code: str
    """The digest of the code of ``classifier`` that trained it."""
    versions: Mapping[str, str]
    processor: str
    blas: str
    threads: int
    date: str
    licence: str


def fingerprint(train: Split) -> str:
    """A digest of shape, images and labels, whatever device they are on."""
    parts = [part for part in (train.samples, train.labels) if part is not None]
    return digest_of(*(piece for part in parts for piece in _pieces(part)))


def _pieces(part: Tensor) -> Iterator[str]:
    yield str(tuple(part.shape))
    for chunk in torch.split(part, _CHUNK):
        yield digest_of(chunk.cpu().contiguous().numpy().tobytes())


def list_files() -> tuple[Path, ...]:
    """List all files that decide which weights are loaded."""
    return (*sorted(SHIPPED.glob("*.json")), *sorted(SHIPPED.glob("*.safetensors")))


def find_card(train: Split, settings: Mapping[str, int]) -> tuple[Path, Card] | None:
    """Find the card that was made with these settings for these images, and its file of weights.

    Raises:
        WeightsMissing: a card is damaged.
    """
    wanted = fingerprint(train)
    for file in sorted(SHIPPED.glob("*.json")):
        card = _read(file)
        if card.training_images == wanted and card.settings == settings:
            return file.with_suffix(".safetensors"), card
    return None


def load_network(network: nn.Module, weights: Path, card: Card) -> None:
    """Load the weights of a card into a network.

    Raises:
        WeightsMissing: the file is not that of the card, or of another version of the network.
    """
    if not weights.is_file() or digest_of_file(weights) != card.file:
        raise WeightsMissing(
            f"{weights} is absent or not the file that its card describes; install samplebench "
            "again, or restore both files from its repository"
        )
    if card.architecture != ARCHITECTURE:
        raise WeightsMissing(
            f"{weights} is of version {card.architecture} of the network of features "
            f"'classifier', and this samplebench has version {ARCHITECTURE}; make the file and "
            "its card again with docs/make_classifier.py, or remove both to train on the spot"
        )
    network.load_state_dict(load_file(weights))


def save_network(network: nn.Module, weights: Path) -> None:
    """Write the weights of a network. They are halves already, so nothing is lost."""
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    save_file({name: tensor.cpu().contiguous() for name, tensor in halves.items()}, weights)


def write_card(card: Card, file: Path) -> None:
    """Write strict JSON, one field a line."""
    content = json.dumps(card.model_dump(), indent=1, allow_nan=False, ensure_ascii=False)
    file.write_text(content + "\n", encoding="utf-8")


def _read(file: Path) -> Card:
    try:
        return Card.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise WeightsMissing(
            f"{file} is no card of a classifier ({error.errors()[0]['msg']}); install samplebench "
            "again, or make it again with docs/make_classifier.py"
        ) from error
