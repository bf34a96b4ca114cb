"""Samplers compared with scikit-learn's mixtures and bare random numbers, and their scaling.

    python benchmarks/samplers.py --data-dir DIR [--device cuda] [--threads 1]
        [--only pmfs --only gmm] [--large]

There are two sets of latents: those of an autoencoder with 32 dimensions, trained for two epochs
on the 60,000 images of MNIST in DIR, and draws from a mixture of ten Gaussians. Implementations
run in turn in one process. scikit-learn is fitted with its defaults, float64 and full covariances,
until its tolerance of 1e-3 is reached. ``--large`` adds 10 million latents of 256 dimensions in
batches, which takes minutes and 6 GiB.
"""

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from latent_sets import COUNT, DIMENSIONS, Batches, draw_gaussians, encode_mnist
from side_by_side import side_by_side
from sklearn.mixture import GaussianMixture as Peer
from threadpoolctl import threadpool_limits

from samplebench import Continuous, Cost, Discrete, Latents, seeded
from samplebench.pipeline.stages.core.costs import track_cost
from samplebench_codes import CodeTransformer
from samplebench_density import PMFS, GaussianMixture

DRAWN, ROUNDS = 50_000, 5
MANY, WIDE, BATCH = 10_000_000, 256, 50_000

LatentSets = dict[str, tuple[Latents, Latents]]
"""Latents to fit, and held-out latents, by name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", action="append", choices=PARTS, default=[])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    threadpool_limits(options.threads)  # scikit-learn's
    device = options.device
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads")
    sets: LatentSets = {}
    if set(options.only or PARTS) & {"pmfs", "gmm", "draws"}:
        sets = {
            "MNIST": encode_mnist(options.data_dir, device),
            "ten Gaussians": draw_gaussians(device),
        }
    for part in options.only or PARTS:
        PARTS[part](sets, device)
    if options.large:
        time_large(device)


def time_pmfs(sets: LatentSets, device: str) -> None:
    """Time fits of pmfs and of scikit-learn's mixture, and print the scaling of pmfs."""
    for name, (latents, _) in sets.items():
        for components in (10, 20):
            vectors = latents.values.double().cpu().numpy()
            side_by_side(
                f"pmfs fit, {name}, {COUNT:,} × {DIMENSIONS}, and a mixture of {components}",
                {
                    "pmfs": lambda latents=latents: PMFS().fit(latents),
                    "pmfs, and its bins counted": lambda latents=latents: fit_and_count(latents),
                    "scikit-learn": lambda k=components, v=vectors: make_peer(
                        k, seed=draw_seed()
                    ).fit(v),
                },
                device,
            )
    print_scaling(device)


def fit_and_count(latents: Latents) -> None:
    """Fit pmfs and compute its diagnostics, for which the occupied bins are counted."""
    sampler = PMFS()
    sampler.fit(latents)
    sampler.diagnostics()


def draw_seed() -> int:
    """Draw the seed of a peer, a new one in each round."""
    return int(torch.randint(2**31, ()))


def print_scaling(device: str) -> None:
    """Print time and memory of a fit by the number of latents and by the number of dimensions."""
    counts = [15_000 * 2**step for step in range(9)]  # to 3.84 million
    costs = [track_fit(count=count, width=DIMENSIONS, device=device) for count in counts]
    print(
        f"\npmfs fit, scaling with n at {DIMENSIONS} dimensions: n^{exponent(counts, costs):.3f}"
    )
    for count, cost in zip(counts, costs, strict=True):
        print(f"  {count:10,}  {format_cost(cost, own_bytes=4 * count * DIMENSIONS)}")
    widths = [8, 16, 32, 64, 128, 256]
    costs = [track_fit(count=COUNT, width=width, device=device) for width in widths]
    print(f"pmfs fit, scaling with d at {COUNT:,} latents: d^{exponent(widths, costs):.3f}")
    for width, cost in zip(widths, costs, strict=True):
        print(f"  {width:10,}  {format_cost(cost, own_bytes=4 * COUNT * width)}")


def track_fit(*, count: int, width: int, device: str) -> Cost:
    """Track the cost of the median of several fits to normal latents."""
    with seeded(0, "growth"):
        latents = Continuous(width).pack(values=torch.randn(count, width, device=device))
    costs = []
    for _ in range(ROUNDS + 1):
        with track_cost(torch.device(device), count) as cost:
            PMFS().fit(latents)
        costs.append(cost())
    return sorted(costs[1:], key=lambda cost: cost.wall_seconds)[ROUNDS // 2]


def exponent(sizes: list[int], costs: list[Cost]) -> float:
    """Fit the exponent of time as a power of size, by least squares on logarithms."""
    x = [math.log(size) for size in sizes]
    y = [math.log(cost.wall_seconds) for cost in costs]
    return statistics.linear_regression(x, y).slope


def format_cost(cost: Cost, *, own_bytes: int) -> str:
    peak = max(cost.host_peak_bytes, cost.device_peak_bytes)
    milliseconds, ratio = 1e3 * cost.wall_seconds, peak / own_bytes
    return f"{milliseconds:9.2f} ms   {ratio:5.2f} times the latents' own memory"


def time_gmm(sets: LatentSets, device: str) -> None:
    """Compare fits and held-out likelihoods with scikit-learn's, over five seeds.

    On the drawn latents, a single start of scikit-learn sometimes misses components, so it is also
    given as many starts as ours.
    """
    for name, (latents, held_out) in sets.items():
        for components in (10, 20):
            for starts in (1,) if name == "MNIST" else (1, 3):
                compare_mixtures(
                    name, latents, held_out=held_out, components=components, starts=starts
                )


def compare_mixtures(
    name: str, latents: Latents, *, held_out: Latents, components: int, starts: int
) -> None:
    """Fit our mixture and scikit-learn's in turn, and print time and likelihood of both."""
    vectors, unseen = (part.values.double().cpu().numpy() for part in (latents, held_out))
    rows = []
    for seed in range(ROUNDS):
        ours = GaussianMixture(components=components, iterations=2000)
        with seeded(seed), track_cost(latents.device, COUNT) as our_cost:
            ours.fit(latents)
        with track_cost(latents.device, COUNT) as their_cost:
            theirs = make_peer(components, seed=seed, starts=starts).fit(vectors)
        rows.append(
            (
                our_cost().wall_seconds,
                their_cost().wall_seconds,
                float(ours.log_prob(held_out).mean()),
                float(theirs.score(unseen)),
            )
        )
    seconds, their_seconds, likelihood, their_likelihood = map(
        statistics.mean, zip(*rows, strict=True)
    )
    print(
        f"\ngmm({components}) fit, {name}, {COUNT:,} × {DIMENSIONS}, means over {ROUNDS} seeds, "
        f"scikit-learn with {starts} start{'s' if starts > 1 else ''}\n"
        f"  ours          {seconds:8.2f} s   held-out {likelihood:9.4f} nats\n"
        f"  scikit-learn  {their_seconds:8.2f} s   held-out {their_likelihood:9.4f} nats\n"
        f"  ratio         {their_seconds / seconds:8.2f}   by seed: "
        + ", ".join(
            f"{theirs / ours:.2f} ({ll - their_ll:+.3f} nats)"
            for ours, theirs, ll, their_ll in rows
        )
    )


def time_draws(sets: LatentSets, device: str) -> None:
    """Time samples compared with as many uniform numbers."""
    latents, _ = sets["MNIST"]
    fits = {"pmfs": PMFS(), "pmfs law='member'": PMFS(law="member"), "gmm": GaussianMixture()}
    with seeded(0):
        for sampler in fits.values():
            sampler.fit(latents)
    side_by_side(
        f"{DRAWN:,} × {DIMENSIONS} samples, compared with torch.rand of that size",
        {"torch.rand": lambda: torch.rand(DRAWN, DIMENSIONS, device=device)}
        | {name: (lambda s=sampler: s.sample(DRAWN)) for name, sampler in fits.items()},
        device,
        rounds=15,
    )


def time_transformer(sets: LatentSets, device: str) -> None:
    """Time draws of 8 × 8 codes with and without the cache of keys and values."""
    del sets
    sampler = CodeTransformer(epochs=1)
    with seeded(0, "codes"):
        codes = torch.randint(512, (256, 8, 8), device=device)
        sampler.fit(Discrete((512,), (8, 8)).pack(codes=codes))
    side_by_side(
        "code-transformer, 256 samples of 8 × 8 codes",
        {
            "with the cache": lambda: sampler.sample(256),
            "without it": lambda: sampler.sample_without_cache(256),
        },
        device,
        rounds=1,
    )


def time_large(device: str) -> None:
    """Time a fit to ten million latents that are never all in memory."""
    began = time.perf_counter()
    sampler = PMFS(bins=4)
    with track_cost(torch.device(device), MANY) as cost:
        sampler.fit_batches(Batches(count=MANY, batch=BATCH, width=WIDE, device=device))
        diagnostics = sampler.diagnostics()  # which counts the bins
    print(
        f"\npmfs(bins=4).fit_batches, {MANY:,} × {WIDE} in batches of {BATCH:,}: "
        f"{cost().wall_seconds:.0f} s with drawing them twice, peak "
        f"{cost().host_peak_bytes / 2**30:.2f} GiB where all latents are "
        f"{4 * MANY * WIDE / 2**30:.2f} GiB; {diagnostics['occupied_bins']:,.0f} occupied bins; "
        f"{time.perf_counter() - began:.0f} s in all"
    )


def make_peer(components: int, *, seed: int, starts: int = 1) -> Peer:
    """Make scikit-learn's mixture with the settings of pythae's sampler."""
    return Peer(components, max_iter=2000, tol=1e-3, random_state=seed, n_init=starts)


PARTS: dict[str, Callable[[LatentSets, str], None]] = {
    "pmfs": time_pmfs,
    "gmm": time_gmm,
    "draws": time_draws,
    "transformer": time_transformer,
}

if __name__ == "__main__":
    main()
