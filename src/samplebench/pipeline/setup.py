"""Where and on what a run happens: everything that is no part of what is measured."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import samplebench
from samplebench.errors import UsageError
from samplebench.registry.loading import Choice
from samplebench.registry.plugin import digest_of_files
from samplebench.results.record import Provenance

_PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torchvision",
    "torch-fidelity",
    "torchmetrics",
    "pandas",
    "zuko",
)

_MEASURING = (
    "autoencoder_stage",
    "cell",
    "checkpoint",
    "coding",
    "features_stage",
    "measures",
    "measuring",
    "setup",
    "worker",
    "workspace",
)
"""The modules of this room that a number depends on."""

_ROOMS = ("clusters", "contracts", "networks", "training")
_FILES = ("autoencoder_training", "inner_sampler", "randomness", "settings")
"""The rest of the harness that a number depends on."""


@dataclass(frozen=True)
class Setup:
    """Folders, device and plugins of a run. Plain, so that every child gets the same."""

    data_dir: Path
    workspace: Path
    results: Path
    device: str = "cpu"
    threads: int = 1
    plugins: Choice = Choice()
    checkpoint: Path | None = None


def usable_cores() -> int:
    """The processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usable_threads() -> int:
    """One for each of these processors, or as many as OMP_NUM_THREADS allows."""
    limit = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(usable_cores(), int(limit)) if limit.isdigit() and int(limit) else usable_cores()


def choose_device(wanted: str) -> str:
    """``auto`` is a CUDA device where there is one.

    Raises:
        UsageError: no such device is at hand.
    """
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        # Reading a number back is the only test that holds for every kind of device. It is one of
        # float64, which some devices lack, and in which samplers and metrics add up.
        torch.zeros(1, dtype=torch.float64, device=device).item()
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"device {wanted!r} cannot be used here ({reason}); try 'cpu'") from error
    return wanted


def ask_for_determinism(threads: int) -> None:
    """The same numbers each time on this machine, as far as torch can give them."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32
    # Some GPU operations have no deterministic form; they warn and run.
    torch.use_deterministic_algorithms(True, warn_only=True)


def harness_code() -> str:
    """The digest of the harness's own code that a number depends on."""
    home = Path(samplebench.__file__).parent
    measuring = [home / "pipeline" / f"{name}.py" for name in _MEASURING]
    rooms = [file for room in _ROOMS for file in sorted((home / room).glob("*.py"))]
    files = [*rooms, *measuring, *(home / f"{name}.py" for name in _FILES)]
    return digest_of_files(files, home)


def platform_of(setup: Setup) -> dict[str, Any]:
    """What decides the bits of a result beside data, parts and seeds."""
    return {
        "device": torch.device(setup.device).type,
        "threads": setup.threads,
        "torch": torch.__version__,
        "harness": harness_code(),
    }


def provenance(setup: Setup, suite_digest: str, data: str | None) -> Provenance:
    """Where numbers that are measured now, in this process, come from."""
    device = torch.device(setup.device)
    return Provenance(
        samplebench=samplebench.__version__,
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if device.type == "cuda" else None,
        packages={name: version(name) for name in _PACKAGES},
        commit=_commit(),
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        processor=_processor(),
        cores=usable_cores(),
        threads=setup.threads,
        system=f"{platform.system()} {platform.machine()}",
        deterministic=True,
        data=data,
        suite=suite_digest,
        harness=harness_code(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit that samplebench itself runs from, when it runs from a checkout of its own."""
    home = Path(samplebench.__file__).parent
    if home.parent.name != "src":
        return None
    command = ["git", "-C", str(home), "describe", "--always", "--abbrev=12", "--dirty"]
    try:
        asked = subprocess.run(
            [*command, "--exclude=*"], capture_output=True, text=True, check=False
        )
    except OSError:  # there is no git here
        return None
    return asked.stdout.strip() or None
