"""`samplebench run` against the bare work: train, fit, draw, decode and measure in one script.

Both are whole commands in fresh processes with as many threads: one autoencoder on digits with
several samplers, the counts and metrics of the suite `digits`. The bare script makes the same
calls to the same classes, the repeated fits and draws whose time is a score among them; it checks,
keeps and writes nothing. What is between the two is the harness: planning, child processes,
artefacts and their digests, checks of what parts answer, records, and the board. Runs of few and
of many cells tell what is paid once from what each cell costs.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

AUTOENCODER: Final = "ae(latent=8)"
SAMPLERS: Final = (
    *("standard-normal", "gaussian", "gmm(components=10)", "pmfs(bins=10)"),
    *(
        f"{name}({setting}={n})"
        for n in range(2, 6)
        for name, setting in (
            ("pmfs", "bins"),
            ("gmm", "components"),
            ("jittered-resample", "bins"),
        )
    ),
)
FEW: Final = 4
_ONLY: Final = ("*/standard-normal*", "*/gaussian*", "*/gmm*", "*/pmfs*", "*/jittered*")
_BATCH: Final = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", type=int, help="do the bare work of so many cells")
    parser.add_argument("--digests", action="store_true", help="time the digests of artefacts")
    options = parser.parse_args()
    if options.bare:
        do_bare_work(SAMPLERS[: options.bare])
    elif options.digests:
        time_digests()
    else:
        compare(options.rounds)


def compare(rounds: int) -> None:
    """Print the times of both, in turn, and what the harness adds once and to each cell."""
    from samplebench.process_tree import adopt_orphans

    adopt_orphans()  # whose processor time would be lost
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sizes = FEW, len(SAMPLERS)
    added: dict[int, list[tuple[float, float]]] = {size: [] for size in sizes}
    bare_times: dict[int, list[tuple[float, float]]] = {size: [] for size in sizes}
    for number in range(rounds):
        for size in sizes:
            bare = _time_command([sys.executable, __file__, "--bare", str(size)])
            with tempfile.TemporaryDirectory() as folder:
                ours = _time_command(_run(Path(folder), SAMPLERS[:size]))
            bare_times[size].append(bare)
            added[size].append((ours[0] - bare[0], ours[1] - bare[1]))
            print(
                f"  {number + 1}: {size} cells: bare {bare[0]:.1f} s, {bare[1]:.1f} CPU-s; "
                f"run {ours[0]:.1f} s, {ours[1]:.1f} CPU-s",
                flush=True,
            )
    for place, unit in enumerate(("s", "CPU-s")):
        few, many = (statistics.median(pair[place] for pair in added[size]) for size in sizes)
        bare_few, bare_many = (
            statistics.median(pair[place] for pair in bare_times[size]) for size in sizes
        )
        cell = (many - few) / (sizes[1] - FEW)
        bare_cell = (bare_many - bare_few) / (sizes[1] - FEW)
        print(
            f"{unit}: the harness adds {few - FEW * cell:.2f} once and {cell:.3f} to each cell of "
            f"{bare_cell:.2f} ({cell - 0.05 * bare_cell:.3f} beyond 5 %); with {sizes[1]} cells "
            f"{many / sizes[1]:.2f} a cell ({(many - 0.05 * bare_many) / sizes[1]:.2f} beyond 5 %)"
        )


def _run(folder: Path, samplers: Sequence[str]) -> list[str]:
    return [
        *(sys.executable, "-m", "samplebench", "run", "--suite", "digits", "--quiet"),
        *("--autoencoder", AUTOENCODER, "--seeds", "0", "--device", "cpu"),
        *(word for sampler in samplers for word in ("--sampler", sampler)),
        *(word for pattern in _ONLY for word in ("--only", pattern)),
        *("--results", str(folder / "results"), "--workspace", str(folder / "workspace")),
    ]


def _time_command(command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a command and of all that it started."""
    before, start = _processor_seconds(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - start
    with suppress(ChildProcessError):  # until none is left
        while True:
            os.wait()  # for the server of children, which the command leaves to end by itself
    return took, _processor_seconds() - before


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def do_bare_work(samplers: Sequence[str]) -> None:
    """Train, encode, fit, draw, decode, extract features and measure."""
    import torch

    from samplebench.autoencoder_training import train_autoencoder
    from samplebench.contracts.dataset import as_floats
    from samplebench.pipeline.device import deterministic, usable_threads
    from samplebench.pipeline.request.suite import load_suite
    from samplebench.registry.loading import load_parts

    suite, parts = load_suite("digits"), load_parts()
    budget = suite.training
    with deterministic(usable_threads()):
        torch.manual_seed(0)
        dataset = parts.datasets.choose("digits")[0].build(Path("unused"))
        train, test = dataset.train(), dataset.test()
        shape = tuple(train.samples.shape[1:])
        extractors = {}
        for text in suite.features:
            extractor = parts.features.choose(text)[0].build(shape)
            extractor.fit(train)
            extractors[text] = extractor, _extract(extractor, as_floats(test.samples))
        autoencoder = parts.autoencoders.choose(AUTOENCODER)[0].build(shape)
        train_autoencoder(
            autoencoder, train.samples, budget, prepare=as_floats, report=lambda progress: None
        )
        autoencoder.eval()
        with torch.no_grad():
            latents = [_encode(autoencoder, split.samples) for split in (train, test)]
            for text in samplers:
                chosen = parts.samplers.choose(text)[0]
                measured = list(
                    _measure(chosen, autoencoder, train, test, latents, extractors, parts, suite)
                )
                assert measured


def _measure(
    chosen: Any,
    autoencoder: Any,
    train: Any,
    test: Any,
    latents: Any,
    extractors: Any,
    parts: Any,
    suite: Any,
) -> Iterator[float]:
    """Every score of every draw from every fit of a sampler."""
    from samplebench import Evidence, NoNumber
    from samplebench.contracts.dataset import as_floats
    from samplebench.contracts.metric import Need
    from samplebench.contracts.sampler import DensitySampler
    from samplebench.pipeline.request.measures import (
        SamplerFacts,
        applicable,
        bind_metrics,
        facts_of_metric,
        needs_of,
    )

    shape, (learned, held_out) = tuple(train.samples.shape[1:]), latents
    features = [parts.features.choose(text)[0] for text in suite.features]
    metrics = [parts.metrics.choose(text)[0] for text in suite.metrics]
    asked = {metric.key: (metric, Need.FEATURES in needs_of(metric)) for metric in metrics}
    facts = {metric.key: facts_of_metric(metric, shape, learned.space) for metric in metrics}
    reconstructed = _decode(autoencoder, held_out)
    training = _decode(autoencoder, learned)
    of_a_draw = {Need.GENERATED, Need.GENERATED_LATENTS, Need.DENSITY}
    for fit in range(suite.counts.fits):
        costs: dict[str, Any] = {}
        for _ in range(1 if fit else 4):  # the time of the fit is the least of three
            sampler = chosen.build()
            costs["fit"] = _cost(partial(sampler.fit, learned.copy()), len(learned))
        of_sampler = SamplerFacts.of(sampler, learned.space)
        bound = applicable(bind_metrics(asked, features, ()), facts, of_sampler)
        for draw in range(suite.counts.draws):
            for _ in range(1 if fit or draw else 4):  # so is that of draws
                drawn = sampler.sample(suite.counts.generated)
                costs["sample"] = costs["throughput"] = costs["fit"]
            held = {
                Need.TRAIN: lambda: train.samples,
                Need.TEST: as_floats(test.samples),
                Need.RECONSTRUCTED: reconstructed,
                Need.TRAIN_RECONSTRUCTED: lambda: training,
                Need.LATENTS: (learned, held_out),
                Need.GENERATED: _decode(autoencoder, drawn),
                Need.GENERATED_LATENTS: drawn,
                Need.LABELS: (train.labels, test.labels),
                Need.COSTS: costs,
            }
            if isinstance(sampler, DensitySampler) and not sampler.no_density(drawn.space):
                held[Need.DENSITY] = partial(sampler.log_prob, held_out)
            evidence = Evidence(held)
            known = {}
            for text, (extractor, of_test) in extractors.items():
                known[text] = evidence.with_features(_Features(held, extractor, of_test))
            for each in bound.metrics:
                metric = each.metric.build()
                if (fit or draw) and of_a_draw.isdisjoint(metric.needs):
                    continue
                given = known[str(each.features)] if each.features else evidence
                try:
                    yield metric.measure(given.restricted_to(metric.needs))
                except NoNumber:
                    continue


class _Features:
    """The features of samples, each computed once."""

    def __init__(self, held: Any, extractor: Any, of_test: Any) -> None:
        self.held, self.extractor, self.known = held, extractor, {"test": of_test}

    def __call__(self, shown: str) -> Any:
        from samplebench.contracts.metric import Need

        if shown not in self.known:
            samples = self.held[Need(shown)]
            self.known[shown] = _extract(
                self.extractor, samples() if callable(samples) else samples
            )
        return self.known[shown]


def _encode(autoencoder: Any, samples: Any) -> Any:
    from samplebench import Latents
    from samplebench.contracts.dataset import as_floats

    return Latents.join([autoencoder.encode(as_floats(b)) for b in samples.split(_BATCH)])


def _decode(autoencoder: Any, latents: Any) -> Any:
    import torch

    starts = range(0, len(latents), _BATCH)
    return torch.cat([autoencoder.decode(latents[at : at + _BATCH]) for at in starts])


def _extract(extractor: Any, samples: Any) -> Any:
    import torch

    with torch.no_grad():
        batches = samples.split(extractor.batch)
        return torch.cat([extractor.features(b.mul(255).round().div(255)) for b in batches])


def _cost(work: Any, count: int) -> Any:
    from samplebench import Cost

    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - processor, 0, 0, count)


def time_digests() -> None:
    """Print how long the artefacts of MNIST's size take to be digested, as a stage does that
    finds them in the workspace.
    """
    import numpy as np

    from samplebench.pipeline.workspace import Site

    files = {"train-samples.npy": (60_000, 1, 28, 28), "test-samples.npy": (10_000, 1, 28, 28)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        site = Site(folder, folder, folder)
        random = np.random.default_rng(0)

        def fill(home: Path) -> None:
            for name, shape in files.items():
                np.save(home / name, random.integers(0, 256, shape, dtype=np.uint8))
            np.save(home / "latents.npy", random.normal(size=(70_000, 64)).astype(np.float32))

        site.artefact("samples", "mnist", fill)
        times = []
        for _ in range(5):
            start = time.process_time()
            site.artefact("samples", "mnist", fill)
            times.append(time.process_time() - start)
    print(f"samples and latents of MNIST: digested in {statistics.median(times):.3f} CPU-s")


if __name__ == "__main__":
    main()
