"""The objections of a sampler to a latent space."""

import pytest

from samplebench import Continuous, Discrete, Latents, LatentSpace, Mixture, Sampler, Sparse


class Pairs(Sampler):
    """A sampler of vectors with an even number of reals."""

    accepts = (Continuous, Mixture)

    def fit(self, latents: Latents) -> None:
        self.latents = latents

    def sample(self, count: int) -> Latents:
        return self.latents[:count]

    def refuses(self, space: LatentSpace) -> str | None:
        return "needs an even number of reals" if space.value_width % 2 else None


def test_another_kind_is_refused_with_both_kinds_named():
    assert Pairs().objection(Discrete((4,))) == (
        "takes continuous or mixture latents, these are discrete"
    )


def test_the_kind_is_asked_before_the_size():
    assert Pairs().objection(Sparse(4, 3)) == (
        "takes continuous or mixture latents, these are sparse"
    )


def test_sizes_are_refused_with_the_samplers_own_reason():
    assert Pairs().objection(Continuous(3)) == "needs an even number of reals"
    assert Pairs().objection(Mixture(3, 2)) is None


def test_a_sampler_that_lacks_a_method_cannot_be_made():
    class Half(Sampler):
        accepts = (Continuous,)

        def fit(self, latents: Latents) -> None: ...

    with pytest.raises(TypeError, match="sample"):
        Half()
