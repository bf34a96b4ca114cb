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

COUNT, DIMENSIONS, COMPONENTS, ROUNDS = 60_000, 32, 10, 3


def some_latents(device: str) -> Latents:
    with seeded(0, "benchmark"):
        centres = 3 * torch.randn(COMPONENTS, DIMENSIONS)
        mixing = torch.randn(COMPONENTS, DIMENSIONS, DIMENSIONS) / DIMENSIONS**0.5
        component = torch.randint(COMPONENTS, (COUNT,))
        noise = torch.randn(COUNT, DIMENSIONS)
        values = centres[component] + torch.einsum("nij,nj->ni", mixing[component], noise)
    return Continuous(DIMENSIONS).pack(values=values).to(device)


def seconds(work: Callable[[], object]) -> float:
    """The median of a few runs."""
    times = []
    for round in range(ROUNDS):
        with seeded(round, "benchmark"):
            began = time.perf_counter()
            work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    latents = some_latents(parser.parse_args().device)
    flat = latents.values.double().cpu().numpy()
    print(f"torch {torch.__version__}, {latents.device}, {torch.get_num_threads()} threads")
    peer = seconds(lambda: Peer(COMPONENTS).fit(flat))
    print(f"scikit-learn GaussianMixture({COMPONENTS}): {peer:.2f} s")
    for name, sampler in (("pmfs", PMFS()), ("gmm", GaussianMixture(components=COMPONENTS))):
        ours = seconds(lambda sampler=sampler: sampler.fit(latents))
        print(f"{name}: {ours:.4f} s, scikit-learn takes {peer / ours:,.0f} times as long")


if __name__ == "__main__":
    main()
