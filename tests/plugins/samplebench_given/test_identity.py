"""Samples that are latents: nothing is lost on the way."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, seeded
from samplebench.errors import BadSetting
from samplebench.registry.loading import load_parts

SIZES = st.integers(1, 4)


(IDENTITY,) = load_parts().autoencoders.choose("identity")


def identity(shape, **settings):
    return IDENTITY.part.factory(shape, **settings)


@given(SIZES, SIZES, SIZES, st.booleans())
def test_what_is_encoded_and_decoded_is_what_it_was(width, rows, columns, channels_first):
    with seeded(0, "maps"):
        maps = torch.randn(5, width, rows, columns)
    order = maps if channels_first else maps.movedim(1, -1)
    vectors = order.flatten(1)
    found = identity(tuple(vectors.shape[1:]), grid=(rows, columns), channels_first=channels_first)
    latents = found.encode(vectors)
    assert latents.space == Continuous(width, (rows, columns))
    assert torch.equal(latents.values, maps.movedim(1, -1))
    assert torch.equal(found.decode(latents), vectors)


def test_codes_are_read_from_the_numbers_of_a_sample():
    codes = torch.randint(0, 7, (6, 2, 3))
    found = identity((6,), grid=(2, 3), codebooks=(7,))
    latents = found.encode(codes.flatten(1).float())
    assert latents.space == Discrete((7,), (2, 3))
    assert torch.equal(latents.codes[..., 0], codes)
    assert torch.equal(found.decode(latents), codes.flatten(1).float())


def test_images_are_decoded_within_their_range():
    found = identity((1, 2, 2))
    drawn = found.latent_space.pack(values=torch.tensor([[-1.0, 0.25, 0.5, 2.0]]))
    assert found.decode(drawn).flatten().tolist() == [0, 0.25, 0.5, 1]


@pytest.mark.parametrize(
    "spec", ["identity(grid=(5,))", "identity(codebooks=(4, 4))", "identity(grid=(4, 4, 4))"]
)
def test_sizes_that_do_not_fit_are_refused_with_both(spec):
    (chosen,) = load_parts().autoencoders.choose(spec)
    with pytest.raises(BadSetting, match=r"arrays 12: 12 numbers"):
        chosen.build((12,))
