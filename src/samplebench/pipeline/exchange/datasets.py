"""Datasets by name, for whoever trains a model on the split that it will be measured on."""

from collections.abc import Iterable
from pathlib import Path

from samplebench.contracts.dataset import Dataset
from samplebench.errors import UsageError
from samplebench.folders import cache_folder
from samplebench.registry.loading import Choice, load_parts


def load_dataset(
    spec: str, data_dir: str | Path | None = None, *, plugins: Iterable[str | Path] = ()
) -> Dataset:
    """Load a dataset, whose ``train()`` and ``test()`` read the splits that a run measures on.

    Args:
        spec: the dataset as ``samplebench run --dataset`` takes it, such as ``"mnist"``.
        data_dir: where its files lie; by default where the command line looks for them.
        plugins: Python files of plugins to load in addition to the installed ones.

    Raises:
        UsageError: no such dataset is installed, or it does not take these settings.
        DataMissing: its files are absent; raised when they are read.
    """
    files = tuple(str(Path(file).absolute()) for file in plugins)
    chosen = load_parts(Choice(files=files)).datasets.choose(spec)
    if len(chosen) != 1:
        raise UsageError(f"{spec!r} is a grid of {len(chosen)} datasets; load them one by one")
    folder = Path(data_dir) if data_dir is not None else cache_folder() / "data"
    dataset: Dataset = chosen[0].build(folder.absolute())
    return dataset
