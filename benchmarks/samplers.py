"""Samplers beside scikit-learn's mixtures and beside bare random numbers, and how they grow.

    python benchmarks/samplers.py --data-dir DIR [--device cuda] [--threads 1]
        [--only pmfs --only gmm] [--large]

Latents are those of an autoencoder with 32 dimensions, trained for two epochs on the 60,000 images
of MNIST under DIR, and drawn ones: a mixture of ten Gaussians. All ways of doing one thing run in
turn in one process. scikit-learn is fitted as its defaults have it, float64 and full covariances,
until its tolerance of 1e-3 is reached. ``--large`` adds 10 million latents of 256 dimensions in
pieces, which takes minutes and 6 GiB.
"""

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from side_by_side import side_by_side
from sklearn.mixture import GaussianMixture as Peer
from threadpoolctl import threadpool_limits

from samplebench import Continuous, Cost, Discrete, Latents, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.pipeline.costs import track_cost
from samplebench.registry.loading import load_parts
from samplebench.training import Budget
from samplebench_codes import CodeTransformer
from samplebench_density import PMFS, GaussianMixture

COUNT, DIMENSIONS, DRAWN, ROUNDS = 60_000, 32, 50_000, 5
MANY, WIDE, PIECE = 10_000_000, 256, 50_000


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
    sets: dict[str, tuple[Latents, Latents]] = {}
    if set(options.only or PARTS) & {"pmfs", "gmm", "draws"}:
        sets = {"MNIST": mnist(options.data_dir, device), "ten Gaussians": gaussians(device)}
    for part in options.only or PARTS:
        PARTS[part](sets, device)
    if options.large:
        large(device)


def pmfs(sets: dict[str, tuple[Latents, Latents]], device: str) -> None:
    """Fits beside scikit-learn's mixture, and growth."""
    for name, (latents, _) in sets.items():
        for components in (10, 20):
            vectors = latents.values.double().cpu().numpy()
            side_by_side(
                f"pmfs fit, {name}, {COUNT:,} × {DIMENSIONS}, beside a mixture of {components}",
                {
                    "pmfs": lambda latents=latents: PMFS().fit(latents),
                    "pmfs, and its bins counted": lambda latents=latents: counted(latents),
                    "scikit-learn": lambda k=components, v=vectors: peer(k, some_seed()).fit(v),
                },
                device,
            )
    growth(device)


def counted(latents: Latents) -> None:
    """A fit, and what a record says of it, for which the occupied bins are counted."""
    sampler = PMFS()
    sampler.fit(latents)
    sampler.diagnostics()


def some_seed() -> int:
    """Of a peer: another in each round."""
    return int(torch.randint(2**31, ()))


def growth(device: str) -> None:
    """How time and memory of a fit grow with the number of latents and of dimensions."""
    counts = [15_000 * 2**step for step in range(9)]  # to 3.84 million
    found = [fit_cost(count, DIMENSIONS, device) for count in counts]
    print(f"\npmfs fit, growth with n at {DIMENSIONS} dimensions: n^{slope(counts, found):.3f}")
    for count, cost in zip(counts, found, strict=True):
        print(f"  {count:10,}  {told(cost, 4 * count * DIMENSIONS)}")
    widths = [8, 16, 32, 64, 128, 256]
    found = [fit_cost(COUNT, width, device) for width in widths]
    print(f"pmfs fit, growth with d at {COUNT:,} latents: d^{slope(widths, found):.3f}")
    for width, cost in zip(widths, found, strict=True):
        print(f"  {width:10,}  {told(cost, 4 * COUNT * width)}")


def fit_cost(count: int, width: int, device: str) -> Cost:
    """The median of some fits to normal latents."""
    with seeded(0, "growth"):
        latents = Continuous(width).pack(values=torch.randn(count, width, device=device))
    costs = []
    for _ in range(ROUNDS + 1):
        with track_cost(torch.device(device), count) as cost:
            PMFS().fit(latents)
        costs.append(cost())
    return sorted(costs[1:], key=lambda cost: cost.wall_seconds)[ROUNDS // 2]


def slope(sizes: list[int], costs: list[Cost]) -> float:
    """The exponent of growth, by least squares on logarithms."""
    x = [math.log(size) for size in sizes]
    y = [math.log(cost.wall_seconds) for cost in costs]
    return statistics.linear_regression(x, y).slope


def told(cost: Cost, own: int) -> str:
    peak = max(cost.host_peak_bytes, cost.device_peak_bytes)
    return f"{1e3 * cost.wall_seconds:9.2f} ms   {peak / own:5.2f} times the latents' own memory"


def gmm(sets: dict[str, tuple[Latents, Latents]], device: str) -> None:
    """Fits and held-out likelihoods beside scikit-learn's, over five seeds.

    Of the drawn latents one start of its misses components at times, so that it is also given as
    many starts as ours has.
    """
    for name, (latents, held_out) in sets.items():
        for components in (10, 20):
            for starts in (1,) if name == "MNIST" else (1, 3):
                beside_peer(name, latents, held_out, components, starts)


def beside_peer(
    name: str, latents: Latents, held_out: Latents, components: int, starts: int
) -> None:
    """Ours and scikit-learn's, in turn."""
    vectors, unseen = (part.values.double().cpu().numpy() for part in (latents, held_out))
    rows = []
    for seed in range(ROUNDS):
        ours = GaussianMixture(components=components, iterations=2000)
        with seeded(seed), track_cost(latents.device, COUNT) as our_cost:
            ours.fit(latents)
        with track_cost(latents.device, COUNT) as their_cost:
            theirs = peer(components, seed, starts).fit(vectors)
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


def draws(sets: dict[str, tuple[Latents, Latents]], device: str) -> None:
    """Samples beside as many uniform numbers."""
    latents, _ = sets["MNIST"]
    fits = {"pmfs": PMFS(), "pmfs law='member'": PMFS(law="member"), "gmm": GaussianMixture()}
    with seeded(0):
        for sampler in fits.values():
            sampler.fit(latents)
    side_by_side(
        f"{DRAWN:,} × {DIMENSIONS} samples, beside torch.rand of that size",
        {"torch.rand": lambda: torch.rand(DRAWN, DIMENSIONS, device=device)}
        | {name: (lambda s=sampler: s.sample(DRAWN)) for name, sampler in fits.items()},
        device,
        rounds=15,
    )


def transformer(sets: dict[str, tuple[Latents, Latents]], device: str) -> None:
    """Codes of 8 × 8 sites, drawn with and without the cache of keys and values."""
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


def large(device: str) -> None:
    """Ten million latents that are never in memory at once."""
    began = time.perf_counter()
    sampler = PMFS(bins=4)
    with track_cost(torch.device(device), MANY) as cost:
        sampler.fit_batches(Pieces(device))
        found = sampler.diagnostics()  # which counts the bins
    print(
        f"\npmfs(bins=4).fit_batches, {MANY:,} × {WIDE} in pieces of {PIECE:,}: "
        f"{cost().wall_seconds:.0f} s with drawing them twice, peak "
        f"{cost().host_peak_bytes / 2**30:.2f} GiB where all latents are "
        f"{4 * MANY * WIDE / 2**30:.2f} GiB; {found['occupied_bins']:,.0f} occupied bins; "
        f"{time.perf_counter() - began:.0f} s in all"
    )


class Pieces:
    """The same normal latents each time they are asked for."""

    def __init__(self, device: str) -> None:
        self.device = device

    def __iter__(self) -> Iterator[Latents]:
        for piece in range(MANY // PIECE):
            with seeded(piece, "large"):
                yield Continuous(WIDE).pack(values=torch.randn(PIECE, WIDE, device=self.device))


def peer(components: int, seed: int, starts: int = 1) -> Peer:
    """scikit-learn's mixture, as the sampler of pythae sets it."""
    return Peer(components, max_iter=2000, tol=1e-3, random_state=seed, n_init=starts)


def mnist(data_dir: Path, device: str) -> tuple[Latents, Latents]:
    """Latents of the training and the test images."""
    parts = load_parts()
    dataset = parts.datasets.choose("mnist")[0].build(data_dir)
    (chosen,) = parts.autoencoders.choose(f"ae(latent={DIMENSIONS})")
    with seeded(0, "autoencoder"):
        autoencoder = chosen.build(dataset.image_shape).to(device)
        images = dataset.train().images.to(device)
        budget = Budget(epochs=2)
        train_autoencoder(autoencoder, images, budget, prepare=lambda batch: batch.float() / 255)
    return tuple(
        encoded(autoencoder, split.images.to(device))
        for split in (dataset.train(), dataset.test())
    )


@torch.no_grad()
def encoded(autoencoder: torch.nn.Module, images: torch.Tensor) -> Latents:
    return Latents.join([autoencoder.encode(some.float() / 255) for some in images.split(1000)])


def gaussians(device: str) -> tuple[Latents, Latents]:
    """Latents of a mixture of ten Gaussians, and as many again."""
    with seeded(0, "benchmark"):
        centres = torch.randn(10, DIMENSIONS)
        mixing = torch.randn(10, DIMENSIONS, DIMENSIONS) / DIMENSIONS**0.5
        component = torch.randint(10, (2 * COUNT,))
        noise = torch.randn(2 * COUNT, DIMENSIONS, 1)
        values = centres[component] + (mixing[component] @ noise).squeeze(2)
    latents = Continuous(DIMENSIONS).pack(values=values).to(device)
    return latents[:COUNT], latents[COUNT:]


PARTS: dict[str, Callable[[dict[str, tuple[Latents, Latents]], str], None]] = {
    "pmfs": pmfs,
    "gmm": gmm,
    "draws": draws,
    "transformer": transformer,
}

if __name__ == "__main__":
    main()
