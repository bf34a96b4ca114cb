"""A histogram of the codes at each place."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from samplebench import DensitySampler, Discrete, Form, Latents, LatentSpace
from samplebench_codes.codes import extract_codes, pack_codes
from samplebench_codes.site_pmfs import SitePMFs


class CodeHistogram(DensitySampler):
    """Draws the code of each site and depth by its frequency there among the training latents.

    All places are independent, so it is the weakest prior of codes that depends on the place. With
    K codes in the codebook, and N(c) of n latents that have code c at a place,

        p(c) = (N(c) + s / K) / (n + s),    s = ``smoothing``.

    Memory grows with the pairs of a place and a code that occur, and not with K.

    Args:
        smoothing: the number of observations that the uniform distribution counts for at each
            place, in all. At 0, a code that no latent has at a place is impossible there.
    """

    accepts = (Discrete,)

    def __init__(self, smoothing: float = 1.0) -> None:
        if not 0 <= smoothing < float("inf"):
            raise ValueError(f"smoothing must be at least 0 and finite, not {smoothing}")
        self.smoothing = smoothing

    def fit(self, latents: Latents) -> None:
        form = Form.of(latents)
        pmfs = SitePMFs.of(extract_codes(latents, form), form.space, self.smoothing)
        self._form, self._pmfs = form, pmfs

    def sample(self, count: int) -> Latents:
        return pack_codes(self._pmfs.draw(count), self._form)

    def log_prob(self, latents: Latents) -> Float[Tensor, " samples"]:
        probabilities = self._pmfs.probabilities(extract_codes(latents, self._form))
        return probabilities.log().sum((1, 2))

    def diagnostics(self) -> Mapping[str, float]:
        """The mean entropy of a code in nats; the mean probability of codes unseen at a place."""
        return {"entropy": self._pmfs.entropy, "unseen_mass": self._pmfs.unseen_mass}

    def state(self) -> Mapping[str, Tensor]:
        return {**self._form.state(), **self._pmfs.state()}

    def restore(self, space: LatentSpace, state: Mapping[str, Tensor]) -> None:
        self._form = Form.restored(space, state)
        self._pmfs = SitePMFs.from_state(space, state, self.smoothing)
