"""Fitting pmfs and gmm beside scikit-learn's GaussianMixture, in one run.

    python benchmarks/samplers.py [--device cuda]

Latents are drawn from a mixture of ten Gaussians in 32 dimensions. Prints seconds and ratios;
scikit-learn is fitted as its defaults have it: float64, full covariances, tolerance 1e-3.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from sklearn.mixture import GaussianMixture as Peer

from samplebench import Continuous, Latents, seeded
from samplebench_density.gmm import GaussianMixture
from samplebench_density.pmfs import PMFS

COUNT, DIMENSIONS, COMPONENTS, ROUNDS = 60_000, 32, 10, 5


def some_latents(device: str) -> Latents:
    with seeded(0, "benchmark"):
        centres = 3 * torch.randn(COMPONENTS, DIMENSIONS)
        mixing = torch.randn(COMPONENTS, DIMENSIONS, DIMENSIONS) / DIMENSIONS**0.5
        component = torch.randint(COMPONENTS, (COUNT,))
        noise = torch.randn(COUNT, DIMENSIONS)
        values = centres[component] + torch.einsum("nij,nj->ni", mixing[component], noise)
    return Continuous(DIMENSIONS).pack(values=values).to(device)


def seconds(work: Callable[[], object], round: int) -> float:
    with seeded(round, "benchmark"):
        began = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    latents = some_latents(parser.parse_args().device)
    flat = latents.values.double().cpu().numpy()
    print(f"torch {torch.__version__}, {latents.device}, {torch.get_num_threads()} threads")
    fits: dict[str, Callable[[], object]] = {
        "scikit-learn": lambda: Peer(COMPONENTS).fit(flat),
        "pmfs": lambda: PMFS().fit(latents),
        "gmm": lambda: GaussianMixture(components=COMPONENTS).fit(latents),
    }
    rounds = [
        {name: seconds(fit, round) for name, fit in fits.items()} for round in range(ROUNDS + 1)
    ][1:]  # the first warms up
    for name in fits:
        ours = statistics.median(times[name] for times in rounds)
        ratio = statistics.median(times["scikit-learn"] / times[name] for times in rounds)
        print(f"{name}: {ours:.4f} s, scikit-learn takes {ratio:,.1f} times as long")


if __name__ == "__main__":
    main()
