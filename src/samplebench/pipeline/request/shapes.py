"""The shapes of samples: those that a dataset has, and those that feature extractors take."""

from pathlib import Path

from samplebench.contracts.dataset import Dataset, Shape
from samplebench.contracts.features import FeatureExtractor
from samplebench.error_text import describe
from samplebench.errors import BadAnswer, DataMissing, WeightsMissing
from samplebench.registry.registry import Chosen


def shape_of(dataset: Chosen, data_dir: Path) -> Shape | DataMissing:
    """Build a dataset, and ask for the shape of a sample."""
    try:
        built: Dataset = dataset.build(data_dir)
        shape = tuple(built.shape)
    except DataMissing as error:
        return DataMissing(describe(error))
    if not all(isinstance(size, int) and size > 0 for size in shape):
        raise BadAnswer(f"the shape of dataset '{dataset}' must be sizes, not {shape!r}")
    return shape


def width_of(extractor: Chosen, shape: Shape) -> int | WeightsMissing | None:
    """Build an extractor for samples of one shape, and ask for the number of its features.

    Raises:
        BadSetting: it does not take such samples.
    """
    try:
        built: FeatureExtractor = extractor.build(shape)
    except WeightsMissing as error:
        return WeightsMissing(describe(error))
    return None if built.width is None else int(built.width)
