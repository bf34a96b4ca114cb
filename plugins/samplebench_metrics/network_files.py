"""Networks in files, TorchScript or torch.export: recognised before anything in them is run."""

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten
from typing import Literal

import torch
from torch import Tensor

from samplebench import WeightsMissing

Network = Callable[[Tensor], object]
"""A loaded network, on the device for which it was loaded."""


def load_network(file: Path, device: torch.device) -> Network:
    """Load the network in a file to a device, in evaluation mode where the file leaves the choice.

    Raises:
        WeightsMissing: the file is absent, of another kind, or cannot be loaded.
    """
    kind = _recognise(file)
    load = _load_script if kind == "TorchScript" else _load_exported
    try:
        return load(file, device)
    except Exception as error:  # both loaders raise whatever a file provokes
        raise WeightsMissing(
            f"{file} is a {kind} file that torch {torch.__version__} cannot load: "
            f"{shorten(str(error), 300)}"
        ) from error


def _recognise(file: Path) -> Literal["TorchScript", "torch.export"]:
    """Recognise a file by the names in its archive, and read nothing else of it."""
    if not file.is_file():
        raise WeightsMissing(f"module(path={str(file)!r}): there is no such file")
    names = _list_names(file)
    inner = {name.partition("/")[2] for name in names}
    if "constants.pkl" in inner and any(name.startswith("code/") for name in inner):
        return "TorchScript"
    if "archive_format" in inner and any(name.startswith("models/") for name in inner):
        return "torch.export"
    if "serialized_exported_program.json" in names:  # before torch 2.7
        return "torch.export"
    raise WeightsMissing(
        f"{file} is neither a TorchScript nor a torch.export file, and was not opened: files of "
        "weights or pickled modules do not say what they compute. Write it with "
        "torch.export.save(torch.export.export(network.eval(), …), 'FILE.pt2')"
    )


def _list_names(file: Path) -> list[str]:
    """The names in an archive, or none where the file is no archive."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return []


def _load_script(file: Path, device: torch.device) -> Network:
    with warnings.catch_warnings():
        # That torch.jit is deprecated concerns whoever writes such files.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        script = torch.jit.load(str(file), map_location=device)  # type: ignore[no-untyped-call]
        network: Network = script.eval()
        return network


def _load_exported(file: Path, device: torch.device) -> Network:
    from torch.export.passes import move_to_device_pass

    with file.open("rb") as content:  # given as a path, its name would have to end in .pt2
        program = torch.export.load(content)
    network: Network = move_to_device_pass(program, device).module()
    return network
