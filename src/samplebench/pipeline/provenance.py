"""Where numbers come from: code, versions, machine and data."""

import platform
import subprocess
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch

import samplebench
from samplebench.pipeline.device import usable_cores
from samplebench.pipeline.workspace import Site
from samplebench.registry.syntax import PART_FACING, Code, Find, Scope, code_of, find_installed
from samplebench.registry.syntax import versions as versions_of
from samplebench.results.record import Provenance

CORE: Final = "samplebench.pipeline.stages.core"
"""The package with all of the harness that can decide a score, apart from the rooms of parts."""

_WITHOUT_ARITHMETIC = frozenset({"jaxtyping", "pydantic", "safetensors"})
"""Packages that state or move numbers and compute none."""


@cache
def core_code(find: Find = find_installed) -> Code:
    """The measuring code that all cells share."""
    home = find(CORE)
    assert home is not None
    modules = [f"{CORE}.{file.stem}" for file in sorted(home.parent.glob("[!_]*.py"))]
    return code_of(modules, Scope(frozenset(), PART_FACING | {CORE}), find)


def relevant_versions(codes: Collection[Code]) -> Mapping[str, str]:
    """The versions of the packages with which this code computes, torch among them."""
    packages = frozenset({"torch"}).union(*(code.packages for code in codes))
    return versions_of(packages - _WITHOUT_ARITHMETIC)


def platform_of(site: Site) -> dict[str, Any]:
    """What decides the bits of a result besides data, code, settings and seeds."""
    return {
        "device": torch.device(site.device).type,
        "threads": site.threads,
        "torch": torch.__version__,
        "core": core_code().digest,
    }


def provenance(site: Site, codes: Collection[Code], *, suite: str, data: str | None) -> Provenance:
    """Where numbers come from that are measured now, in this process.

    Args:
        codes: of the parts that take part.
        suite: the digest of the suite.
        data: the fingerprint of the data, if they could be read.
    """
    device = torch.device(site.device)
    return Provenance(
        samplebench=samplebench.__version__,
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if device.type == "cuda" else None,
        packages=dict(relevant_versions([core_code(), *codes])),
        commit=source_commit(),
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        processor=_processor(),
        cores=usable_cores(),
        threads=site.threads,
        jobs=site.jobs,
        system=f"{platform.system()} {platform.machine()}",
        deterministic=True,
        data=data,
        suite=suite,
        core=core_code().digest,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


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
