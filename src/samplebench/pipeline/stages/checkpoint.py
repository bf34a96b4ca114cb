"""Weights that were trained elsewhere, in the place of training."""

from pathlib import Path

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.errors import BadCheckpoint
from samplebench.pipeline.stages.files import load_tensors


def load_checkpoint(autoencoder: Autoencoder, path: Path) -> None:
    """Load the weights of a safetensors file into an autoencoder.

    Raises:
        BadCheckpoint: it is no such file, or holds other names, shapes or types, or numbers that
            are not finite.
    """
    try:
        tensors = load_tensors(path)
    except ValueError as error:
        raise BadCheckpoint(
            f"no checkpoint: {error}; it is a safetensors file of the weights"
        ) from error
    wanted = autoencoder.state_dict()
    problems = [
        *(
            f"{name} is {tuple(tensors[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in sorted(wanted.keys() & tensors.keys())
            if tensors[name].shape != wanted[name].shape
        ),
        *(
            f"{name} is {tensors[name].dtype} instead of {wanted[name].dtype}"
            for name in sorted(wanted.keys() & tensors.keys())
            if tensors[name].dtype != wanted[name].dtype  # loading would cut its numbers
        ),
        *(f"{name} is missing" for name in sorted(wanted.keys() - tensors.keys())),
        *(f"{name} is not part of it" for name in sorted(tensors.keys() - wanted.keys())),
    ]
    if problems:
        shown = "; ".join(problems[:3]) + ("; …" if len(problems) > 3 else "")
        raise BadCheckpoint(
            f"{path} does not hold this autoencoder's weights: {shown}. "
            "Settings and image shape must be those that it was trained with, such as "
            "'ae(latent=16)' on images of 1×28×28."
        )
    weights = {name: tensors[name] for name, _ in autoencoder.named_parameters()}
    if broken := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        raise BadCheckpoint(f"{path} holds numbers that are not finite, in {broken[0]}")
    autoencoder.load_state_dict(tensors)
