"""The provenance of numbers: code, versions, machine and data."""

import os
import platform
import re
import subprocess
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import samplebench
from samplebench.digests import digest_of
from samplebench.pipeline.device import usable_cores
from samplebench.pipeline.workspace import Site
from samplebench.registry.syntax import Code
from samplebench.registry.syntax import versions as versions_of
from samplebench.results.record import Provenance

_WITHOUT_ARITHMETIC = frozenset({"jaxtyping", "pydantic", "safetensors"})
"""Packages that state or move numbers and compute none."""


def relevant_versions(codes: Collection[Code]) -> Mapping[str, str]:
    """The versions of the packages with which this code computes, torch among them."""
    packages = frozenset({"torch"}).union(*(code.packages for code in codes))
    return versions_of(packages - _WITHOUT_ARITHMETIC)


def platform_of(site: Site, core: Code) -> dict[str, Any]:
    """All that decides the bits of a result besides data, parts, settings, seeds and the kind of
    processor, which the machines of a cluster that share trained models need not have in common.
    """
    return {
        "device": torch.device(site.device).type,
        "threads": site.threads,
        "torch": torch.__version__,
        "core": core.digest,
    }


def digest_of_tensors(tensors: Mapping[str, Tensor]) -> str:
    """A short digest of names, types, shapes and values."""
    return digest_of(*(piece for item in sorted(tensors.items()) for piece in _pieces(*item)))


def _pieces(name: str, tensor: Tensor) -> Iterator[str | bytes]:
    yield f"{name} {tensor.dtype} {tuple(tensor.shape)}"
    yield tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def provenance(
    site: Site, core: Code, codes: Collection[Code], *, suite: str, data: str | None
) -> Provenance:
    """The provenance of numbers that are measured now, in this process.

    Args:
        core: the measuring code that all cells share.
        codes: the code of the parts.
        suite: the digest of the suite.
        data: the fingerprint of the data, if they could be read.
    """
    device = torch.device(site.device)
    return Provenance(
        samplebench=samplebench.__version__,
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if device.type == "cuda" else None,
        packages=dict(relevant_versions([core, *codes])),
        commit=source_commit(),
        device=_name_device(device),
        processor=name_processor(),
        blas=name_blas(),
        cores=usable_cores(),
        threads=site.threads,
        jobs=site.jobs,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        system=f"{platform.system()} {platform.machine()}",
        deterministic=True,
        data=data,
        suite=suite,
        core=core.digest,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _name_device(device: torch.device) -> str:
    if device.type != "cuda":
        return "CPU"
    # Records of failures on a cluster are written where there may be no GPU.
    return torch.cuda.get_device_name(device) if torch.cuda.is_available() else "CUDA"


def name_processor() -> str:
    """Name the kind of this machine's processor, and the instructions that torch uses of it."""
    listed = Path("/proc/cpuinfo")
    text = listed.read_text(encoding="utf-8", errors="replace") if listed.exists() else ""
    name = describe_processor(text) or platform.processor() or platform.machine()
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"


def describe_processor(text: str) -> str:
    """Describe the kind of the processor that Linux lists first.

    A name alone is not enough: virtual machines give one name to several generations, with which
    libraries of arithmetic give other bits.

    Args:
        text: of ``/proc/cpuinfo``, as x86 or ARM write it.
    """
    lines = (line.partition(":") for line in text.strip().partition("\n\n")[0].splitlines())
    fields = {key.strip(): value.strip() for key, _, value in lines}
    words = {
        "model name": "",
        "cpu family": "family ",
        "model": "model ",
        "CPU implementer": "implementer ",
        "CPU part": "part ",
    }
    return ", ".join(f"{word}{fields[key]}" for key, word in words.items() if key in fields)


def name_blas() -> str:
    """Name the linear algebra libraries of torch and numpy, which give other bits than others."""
    configuration: Any = np.show_config(mode="dicts")
    numpy_blas = configuration["Build Dependencies"]["blas"].get("name", "unknown")
    return f"{describe_blas(torch.__config__.show())} (torch), {numpy_blas} (numpy)"


def describe_blas(configuration: str) -> str:
    """Name the BLAS in the text by which torch describes its build."""
    named = re.search(r"\bBLAS_INFO=(\w+)", configuration)
    return named[1] if named else "unknown"


def source_commit() -> str | None:
    """The commit that samplebench runs from: of its checkout, or that it was built from."""
    home = Path(samplebench.__file__).parent
    if home.parent.name == "src" and (commit := describe_commit(home)):
        return commit
    built = home / "source-commit.txt"
    return built.read_text(encoding="utf-8").strip() if built.is_file() else None


def describe_commit(folder: Path) -> str | None:
    """The commit that is checked out in a folder, marked if files differ from it."""
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty"]
    try:
        asked = subprocess.run(
            [*command, "--exclude=*"], capture_output=True, text=True, check=False
        )
    except OSError:  # there is no git here
        return None
    return asked.stdout.strip() or None
