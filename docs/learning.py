"""Write the table of docs/autoencoders.md: every autoencoder and a classical baseline of its size.

    python docs/learning.py --data-dir DIR

The autoencoders' scores come from the records of the suite autoencoders-mnist; the baselines are
fitted here, by scikit-learn, on the same images.
"""

import argparse
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samplebench.contracts.latents import Continuous, LatentSpace, Sparse
from samplebench.pipeline.request.suite import load_suite
from samplebench.registry.loading import load_parts
from samplebench.results.record import Record
from samplebench.results.store import Store

ROOT = Path(__file__).parents[1]
SUITE, SHAPE = "autoencoders-mnist", (1, 28, 28)
WITH_PRIOR = {"vae", "beta-vae", "info-vae", "wae-mmd", "aae", "vamp-vae"}
"""Autoencoders whose loss makes latents follow a distribution, which costs reconstruction."""

Images = NDArray[np.float64]  # (images, height, width), in [0, 1]


class Baselines:
    """Classical methods of a given size, each fitted once.

    A baseline is its name and its mean squared error on the held-out images.
    """

    def __init__(self, *, training: Images, held_out: Images) -> None:
        self.training, self.held_out = training, held_out
        self.fitted: dict[tuple[LatentSpace, bool], tuple[str, float]] = {}

    def get(self, space: LatentSpace, *, with_prior: bool) -> tuple[str, float]:
        """Return the baseline of the size of ``space``, and fit it at the first call."""
        if (space, with_prior) not in self.fitted:
            self.fitted[space, with_prior] = self._fit(space, with_prior=with_prior)
        return self.fitted[space, with_prior]

    def _fit(self, space: LatentSpace, *, with_prior: bool) -> tuple[str, float]:
        if isinstance(space, Continuous):
            reals = space.channels * space.sites
            return self._fit_pca(reals // 4 if with_prior else reals)
        patch = self.held_out.shape[1] // space.grid[0]
        if isinstance(space, Sparse):
            return self._fit_dictionary(patch=patch, atoms=space.atoms, active=space.active)
        return self._fit_k_means(patch, space.code_ranges)

    def _fit_pca(self, components: int) -> tuple[str, float]:
        from sklearn.decomposition import PCA

        training, held_out = (
            images.reshape(len(images), -1) for images in (self.training, self.held_out)
        )
        pca = PCA(components, random_state=0).fit(training)
        decoded = pca.inverse_transform(pca.transform(held_out))
        return f"PCA({components})", float(((decoded - held_out) ** 2).mean())

    def _fit_k_means(self, patch: int, sizes: tuple[int, ...]) -> tuple[str, float]:
        """Fit one k-means after another, each to the residuals of the ones before."""
        from sklearn.cluster import MiniBatchKMeans

        training = cut_patches(self.training, patch)
        residuals = cut_patches(self.held_out, patch)
        for size in sizes:
            means = MiniBatchKMeans(size, batch_size=4096, n_init=1, random_state=0).fit(training)
            training = training - means.cluster_centers_[means.predict(training)]
            residuals = residuals - means.cluster_centers_[means.predict(residuals)]
        depth = f", {len(sizes)} in a row" if len(sizes) > 1 else ""
        error = float((residuals**2).mean())
        return f"k-means({sizes[0]}{depth}) of {patch}×{patch} patches", error

    def _fit_dictionary(self, *, patch: int, atoms: int, active: int) -> tuple[str, float]:
        from sklearn.decomposition import MiniBatchDictionaryLearning

        training = cut_patches(self.training, patch)
        held_out = cut_patches(self.held_out, patch)
        chosen = np.random.default_rng(0).permutation(len(training))[:50_000]
        learner = MiniBatchDictionaryLearning(
            atoms,
            batch_size=1024,
            max_iter=20,
            transform_algorithm="omp",
            transform_n_nonzero_coefs=active,
            random_state=0,
        ).fit(training[chosen])
        decoded = learner.transform(held_out) @ learner.components_
        error = float(((decoded - held_out) ** 2).mean())
        return f"dictionary({atoms} atoms, {active} active) of {patch}×{patch} patches", error


def cut_patches(images: Images, size: int) -> NDArray[np.float64]:
    """Cut images into square patches (patches, size × size); incomplete ones are left out."""
    count, rows, columns = len(images), images.shape[1] // size, images.shape[2] // size
    cut = images[:, : rows * size, : columns * size].reshape(count, rows, size, columns, size)
    return cut.transpose(0, 1, 3, 2, 4).reshape(-1, size * size)


def make_table(records: list[Record], baselines: Baselines) -> str:
    """Format the autoencoders as a markdown table, sorted by kind of latent and error."""
    lines = [
        "| autoencoder | latent | bits per image | MSE | baseline | baseline MSE | better | "
        "PSNR | perplexity | codes used |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    autoencoders = load_parts().autoencoders
    rows = [(autoencoders.choose(r.autoencoder.spec)[0].build(SHAPE).latent_space, r)
            for r in records]  # fmt: skip
    for space, record in sorted(rows, key=_rank):
        baseline = baselines.get(space, with_prior=record.autoencoder.name in WITH_PRIOR)
        lines.append(f"| {' | '.join(_make_row(space, record, baseline))} |")
    return "\n".join(lines)


def _make_row(space: LatentSpace, record: Record, baseline: tuple[str, float]) -> list[str]:
    scores = {score.metric.name: score.value for score in record.scores}
    error, (baseline_name, baseline_error) = scores["reconstruction-mse"], baseline
    better = "autoencoder" if error < baseline_error else baseline_name.partition("(")[0]
    perplexity, used = scores.get("codebook-perplexity"), scores.get("codes-used")
    return [
        f"`{record.autoencoder.spec}`",
        _describe(space),
        f"{scores['bits-per-image']:,.0f}",
        f"{error:.5f}",
        baseline_name,
        f"{baseline_error:.5f}",
        better,
        f"{scores['psnr']:.1f} dB",
        "—" if perplexity is None else f"{perplexity:.0f}",
        "—" if used is None else f"{used:.0%}",
    ]


def _rank(row: tuple[LatentSpace, Record]) -> tuple[str, float]:
    space, record = row
    errors = [s.value for s in record.scores if s.metric.name == "reconstruction-mse"]
    return space.kind, errors[0] or 0.0


def _describe(space: LatentSpace) -> str:
    sizes = ", ".join(f"{name} {size}" for name, size in vars(space).items() if name != "grid")
    grid = "×".join(map(str, space.grid))
    return f"{space.kind}: {sizes}{f', grid {grid}' if grid else ''}"


def load_mnist(data_dir: Path, count: int) -> tuple[Images, Images]:
    """Load the first ``count`` training images and the held-out images."""
    dataset = load_parts().datasets.choose("mnist")[0].build(data_dir)
    training, held_out = (s.samples[:, 0].numpy() for s in (dataset.train(), dataset.test()))
    return training[:count] / 255.0, held_out / 255.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    suite = load_suite(SUITE)
    count = suite.counts.train or 60_000
    training, held_out = load_mnist(parser.parse_args().data_dir, count)
    records, _ = Store(ROOT / "leaderboards").read(SUITE)
    measured = [record for record in records if record.status == "measured"]
    table = make_table(measured, Baselines(training=training, held_out=held_out))
    page = ROOT / "docs" / "autoencoders.md"
    text = re.sub(
        r"(<!-- learning: [^>]*-->\n).*?(<!-- /learning -->)",
        lambda match: f"{match[1]}\n{table}\n\n{match[2]}",
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
