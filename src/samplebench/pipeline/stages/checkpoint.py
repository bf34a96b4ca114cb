"""Weights that were trained elsewhere, in the place of training."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.errors import BadCheckpoint
from samplebench.pipeline.stages.weights_file import read_weights


def load_checkpoint(autoencoder: Autoencoder, path: Path) -> None:
    """Load the weights of a file into an autoencoder.

    Names may stand under the prefix of a module, in the file (``module.encoder.weight``) or in
    the autoencoder (``network.encoder.weight``); what stands beside that prefix is left alone.

    Raises:
        BadCheckpoint: it is no file of weights, or holds other names, shapes or types, or numbers
            that are not finite.
    """
    wanted = autoencoder.state_dict()
    tensors = _rename(read_weights(path), wanted, path)
    problems = _compare(tensors, wanted)
    if problems:
        shown = "; ".join(problems[:3]) + ("; …" if len(problems) > 3 else "")
        raise BadCheckpoint(
            f"{path} does not hold this autoencoder's weights: {shown}. "
            "Settings and sample shape must be those that it was trained with, such as "
            "'ae(latent=16)' on images of 1×28×28."
        )
    weights = {name: tensors[name] for name, _ in autoencoder.named_parameters()}
    if broken := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        raise BadCheckpoint(f"{path} holds numbers that are not finite, in {broken[0]}")
    autoencoder.load_state_dict(tensors)


def _rename(
    tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path
) -> dict[str, Tensor]:
    """Bring the names of a file to those of the autoencoder.

    Of all ways the one is taken in which the most names agree; with none, names stay as they are.

    Raises:
        BadCheckpoint: several weights of a file would fit.
    """
    best: dict[str, dict[str, Tensor]] = {"": dict(tensors)}
    most = len(tensors.keys() & wanted.keys())
    if most == len(wanted):
        return best[""]
    for prefix, renamed in _list_renamings(tensors, wanted):
        agreeing = len(renamed.keys() & wanted.keys())
        if agreeing > most:
            best, most = {}, agreeing
        if agreeing == most and agreeing:
            best.setdefault(prefix, renamed)
    fitting = sorted(prefix for prefix in best if not _compare(best[prefix], wanted))
    if len(fitting) > 1:
        raise BadCheckpoint(
            f"{path} holds weights that fit several times, under {' and '.join(fitting)}; "
            "save the ones to load in a file of their own"
        )
    return best[fitting[0] if fitting else min(best)]


def _list_renamings(
    tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Each exchange of a prefix in the file for one that all of the wanted names share."""
    for ours in _list_common_prefixes(list(wanted)):
        for theirs in sorted({"", *(p for name in tensors for p in _list_prefixes(name))}):
            yield (
                theirs,
                {
                    ours + name.removeprefix(theirs): tensor
                    for name, tensor in tensors.items()
                    if name.startswith(theirs)
                },
            )


def _list_common_prefixes(names: list[str]) -> list[str]:
    """The prefixes that all names share, the empty one too."""
    prefixes = ["", *(_list_prefixes(names[0]) if names else [])]
    return [prefix for prefix in prefixes if all(name.startswith(prefix) for name in names)]


def _list_prefixes(name: str) -> list[str]:
    """``a.`` and ``a.b.`` of ``a.b.weight``."""
    modules = name.split(".")[:-1]
    return [".".join(modules[: depth + 1]) + "." for depth in range(len(modules))]


def _compare(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """The differences, those in shape first."""
    shared = sorted(wanted.keys() & tensors.keys())
    return [
        *(
            f"{name} is {tuple(tensors[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in shared
            if tensors[name].shape != wanted[name].shape
        ),
        *(
            f"{name} is {tensors[name].dtype} instead of {wanted[name].dtype}"
            for name in shared
            if tensors[name].dtype != wanted[name].dtype  # loading would cut its numbers
        ),
        *(f"{name} is missing" for name in sorted(wanted.keys() - tensors.keys())),
        *(f"{name} is not part of it" for name in sorted(tensors.keys() - wanted.keys())),
    ]
