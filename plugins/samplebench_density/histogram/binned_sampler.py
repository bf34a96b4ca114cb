"""The settings that PMFS and its control share."""

from samplebench import Continuous, LatentSpace, Sampler
from samplebench_density.histogram.binning import Binning, BinSetting, Range


class BinnedSampler(Sampler):
    """A sampler that divides every dimension of continuous latents into bins of equal width."""

    accepts = (Continuous,)

    def __init__(
        self,
        *,
        bins: BinSetting,
        range: Range,
        quantile: float,
        deviations: float,
        bound: float,
    ) -> None:
        self._binning = Binning(
            bins=bins, range=range, quantile=quantile, deviations=deviations, bound=bound
        )
        self.bins = bins
        self.range: Range = range
        self.quantile = quantile
        self.deviations = deviations
        self.bound = bound

    def refuses(self, space: LatentSpace) -> str | None:
        return self._binning.refuses(space)
