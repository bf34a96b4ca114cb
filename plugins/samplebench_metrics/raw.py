"""The numbers of a sample themselves, as features."""

import math

from jaxtyping import Float
from torch import Tensor

from samplebench import FeatureExtractor, Samples, Shape, Split


class Raw(FeatureExtractor):
    """The numbers of a sample as they are: the pixels of an image in [0, 1], or those of an array.

    Takes samples of any shape, learns nothing, and has no unit of its own: scale arrays before
    (``arrays(standardise=True)``) if their dimensions do not compare. Between images, pixels say
    more of position and brightness than of content.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.width = math.prod(shape)

    def fit(self, train: Split) -> None:
        """Learn nothing."""

    def features(self, samples: Samples) -> Float[Tensor, "samples features"]:
        return samples.flatten(1).clone()
