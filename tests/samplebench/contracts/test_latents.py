"""Latents of every space keep its layout, and invalid ones cannot be built."""

import json

import jaxtyping
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, Latents, LatentSpace, Mixture, Sparse

sizes = st.integers(1, 4)
grids = st.lists(sizes, max_size=2)
descriptions = st.one_of(
    st.fixed_dictionaries({"kind": st.just("continuous"), "channels": sizes, "grid": grids}),
    st.fixed_dictionaries(
        {
            "kind": st.just("discrete"),
            "codebooks": st.lists(sizes, min_size=1, max_size=3),
            "grid": grids,
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("mixture"), "components": sizes, "channels": sizes, "grid": grids}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("sparse"), "atoms": st.integers(4, 6), "active": sizes, "grid": grids}
    ),
)
"""Spaces as JSON data, built inside the tests, because type checks may draw random numbers."""

four_spaces = pytest.mark.parametrize(
    "space", [Continuous(3), Discrete((5, 4), (2, 2)), Mixture(3, 2, (2,)), Sparse(6, 2)], ids=str
)


@pytest.fixture
def only_our_checks(monkeypatch):
    """Disable the checks of annotations that the tests add, which would raise first."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def filled(space: LatentSpace, samples: int = 4) -> Latents:
    """Valid latents: values count up; codes are 0, 1, 2, … at each site, within their range."""
    width = space.sites * space.value_width
    highest = torch.tensor(space.code_ranges, dtype=torch.int64) - 1
    codes = torch.arange(space.code_width).minimum(highest)
    return space.pack(
        values=torch.arange(samples * width, dtype=torch.float32).reshape(samples, width),
        codes=codes.repeat(samples, space.sites),
    )


@given(descriptions, st.integers(0, 3))
@settings(deadline=None)
def test_the_table_of_spaces_gives_the_widths(description, samples):
    space = LatentSpace.named(description)
    latents = filled(space, samples)
    values, codes = {
        Continuous: lambda: (space.channels, 0),
        Discrete: lambda: (0, len(space.codebooks)),
        Mixture: lambda: (space.channels, 1),
        Sparse: lambda: (space.active, space.active),
    }[type(space)]()
    assert latents.values.shape == (samples, *space.grid, values)
    assert latents.codes.shape == (samples, *space.grid, codes)
    assert len(latents) == samples


@given(descriptions)
@settings(deadline=None)
def test_a_space_survives_being_written_as_json(description):
    space = LatentSpace.named(description)
    assert json.loads(json.dumps(space.describe())) == description
    assert space == LatentSpace.named(space.describe())


@given(descriptions)
@settings(deadline=None)
def test_packing_flat_tensors_restores_the_grid(description):
    space = LatentSpace.named(description)
    latents = filled(space)
    again = space.pack(values=latents.values.flatten(1), codes=latents.codes.flatten(1))
    assert torch.equal(again.values, latents.values)
    assert torch.equal(again.codes, latents.codes)


@given(descriptions)
@settings(deadline=None)
def test_parts_join_to_the_whole(description):
    space = LatentSpace.named(description)
    latents = filled(space, 5)
    whole = Latents.join([latents[:2], latents[2:]])
    assert torch.equal(whole.values, latents.values)
    assert torch.equal(whole.codes, latents.codes)


@four_spaces
def test_an_index_a_mask_and_a_slice_pick_the_same_samples(space):
    latents = filled(space)
    by_index = latents[torch.tensor([0, 2])]
    by_mask = latents[torch.tensor([True, False, True, False])]
    by_slice = latents[0:4:2]
    assert torch.equal(by_index.values, latents.values[[0, 2]])
    assert torch.equal(by_index.codes, latents.codes[[0, 2]])
    for other in (by_mask, by_slice):
        assert torch.equal(other.values, by_index.values)
        assert torch.equal(other.codes, by_index.codes)


@four_spaces
def test_moving_keeps_space_and_numbers(space):
    latents = filled(space)
    moved = latents.to("cpu")
    assert (moved.space, moved.device) == (space, torch.device("cpu"))
    assert torch.equal(moved.values, latents.values)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_value_that_is_not_finite_cannot_be_kept(dtype):
    values = torch.zeros(50, 40, dtype=dtype)
    values[0, 0], values[0, 1] = torch.finfo(dtype).max, torch.finfo(dtype).min
    Continuous(40).pack(values=values)
    for bad in (torch.nan, torch.inf, -torch.inf):
        for row in (0, 20, 49):
            broken = values.clone()
            broken[row, 7] = bad
            with pytest.raises(ValueError, match="must be finite"):
                Continuous(40).pack(values=broken)


@pytest.mark.parametrize("code", [-1, 5])
def test_a_code_out_of_range_cannot_be_kept(code):
    with pytest.raises(ValueError, match=rf"lie in 0…4; found {code}…{code}"):
        Discrete((5,)).pack(codes=torch.tensor([[code]]))


def test_each_codebook_has_a_range_of_its_own():
    Discrete((5, 3)).pack(codes=torch.tensor([[4, 2]]))
    with pytest.raises(ValueError, match="lie in 0…2"):
        Discrete((5, 3)).pack(codes=torch.tensor([[2, 4]]))


@pytest.mark.parametrize("atoms", [[3, 1], [2, 2]])
def test_the_atoms_of_a_site_ascend(atoms):
    with pytest.raises(ValueError, match="must ascend"):
        Sparse(6, 2).pack(values=torch.zeros(1, 2), codes=torch.tensor([atoms]))


def test_atoms_of_different_sites_need_no_order():
    latents = Sparse(6, 1, (2,)).pack(values=torch.zeros(1, 2), codes=torch.tensor([[5, 0]]))
    assert latents.codes.tolist() == [[[5], [0]]]


def test_values_of_a_wrong_shape_cannot_be_kept():
    with pytest.raises(ValueError, match=r"floating \(4, 2, 3\), not torch.float32 \(4, 3, 2\)"):
        Latents(Continuous(3, (2,)), torch.zeros(4, 3, 2), torch.empty(4, 2, 0, dtype=torch.int64))


def test_values_that_are_integers_cannot_be_kept(only_our_checks):
    with pytest.raises(ValueError, match=r"floating \(4, 3\), not torch.int64"):
        Continuous(3).pack(values=torch.zeros(4, 3, dtype=torch.int64))


def test_codes_that_are_not_int64_cannot_be_kept(only_our_checks):
    with pytest.raises(ValueError, match=r"int64 \(4, 1\), not torch.int32"):
        Latents(Discrete((5,)), torch.empty(4, 0), torch.zeros(4, 1, dtype=torch.int32))


def test_integers_of_any_size_are_packed_as_codes():
    packed = Discrete((5,)).pack(codes=torch.arange(4, dtype=torch.uint8)[:, None])
    assert packed.codes.dtype == torch.int64
    assert packed.codes.flatten().tolist() == [0, 1, 2, 3]


def test_values_and_codes_need_the_same_number_of_samples(only_our_checks):
    with pytest.raises(ValueError, match=r"int64 \(4, 1\), not torch.int64 \(3, 1\)"):
        Mixture(3, 2).pack(values=torch.zeros(4, 2), codes=torch.zeros(3, 1, dtype=torch.int64))


@pytest.mark.parametrize(
    ("space", "shape"),
    [
        (Continuous(4, (8, 8)), (5, 4, 8, 8)),
        (Continuous(4, (8, 8)), (5, 4, 64)),
        (Continuous(4, (8, 6)), (5, 4, 8, 6)),
        (Continuous(3, (7,)), (5, 3, 7)),
    ],
)
def test_values_with_channels_first_cannot_be_packed(space, shape):
    with pytest.raises(ValueError, match=r"values .* come sites first.*values\.movedim\(1, -1\)"):
        space.pack(values=torch.zeros(shape))
    moved = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
    packed = space.pack(values=moved.movedim(1, -1))
    assert torch.equal(packed.values.movedim(-1, 1).reshape(shape), moved)


def test_codes_with_codebooks_first_cannot_be_packed():
    with pytest.raises(ValueError, match=r"codes of .* come sites first"):
        Discrete((5, 5, 5), (2, 4)).pack(codes=torch.zeros(6, 3, 2, 4, dtype=torch.int64))


@pytest.mark.parametrize(
    ("space", "shape"),
    [
        (Continuous(1, (8, 8)), (5, 1, 8, 8)),
        (Continuous(4, (1, 1)), (5, 4, 1, 1)),
        (Continuous(4, (8, 8)), (5, 256)),
        (Continuous(4, (8, 8)), (5, 64, 4)),
        (Continuous(4, (8, 8)), (5, 8, 32)),
        (Continuous(4, (4, 16)), (5, 4, 64)),
        (Continuous(8, (8, 8)), (5, 8, 8, 8)),
        (Continuous(4), (5, 4, 1, 1)),
    ],
)
def test_shapes_whose_numbers_lie_site_by_site_can_be_packed(space, shape):
    values = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
    assert torch.equal(space.pack(values=values).values.flatten(), values.flatten())


def test_a_part_that_is_left_out_is_named():
    with pytest.raises(ValueError, match=r"has 1 codes a sample, got 0"):
        Mixture(3, 2).pack(values=torch.zeros(4, 2))
    with pytest.raises(ValueError, match=r"has 2 values a sample, got 0"):
        Mixture(3, 2).pack(codes=torch.zeros(4, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="needs values, codes, or both"):
        Mixture(3, 2).pack()


def test_only_latents_of_one_space_can_be_joined():
    with pytest.raises(ValueError, match="not of 2"):
        Latents.join([filled(Continuous(2)), filled(Continuous(3))])
    with pytest.raises(ValueError, match="not of 0"):
        Latents.join([])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Continuous(0), r"Continuous\(channels=0\): sizes are at least 1"),
        (
            lambda: Discrete((4, 2**63)),
            r"Discrete\(codebooks=\(4, 9223.*\): sizes are at most 2⁶³",
        ),
        (
            lambda: Mixture(2**63, 1),
            r"Mixture\(components=9223372036854775808\): sizes are at most",
        ),
        (lambda: Sparse(2**63, 1), r"Sparse\(atoms=9223372036854775808\): sizes are at most"),
        (lambda: Continuous(2, (4, 0)), r"grid=\(4, 0\)"),
        (lambda: Discrete(()), "at least one codebook"),
        (lambda: Discrete((4, 0)), r"codebooks=\(4, 0\)"),
        (lambda: Mixture(0, 2), "components=0"),
        (lambda: Mixture(2, -1), "channels=-1"),
        (lambda: Sparse(0, 0), "atoms=0"),
        (lambda: Sparse(3, 4), "4 active atoms of 3"),
    ],
)
def test_a_space_of_impossible_size_cannot_be_built(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_equal_spaces_are_one_key():
    assert len({Continuous(2, (4, 4)), Continuous(2, (4, 4)), Continuous(2, (4,))}) == 2
    assert {Continuous(2).kind, Sparse(3, 1).kind} == {"continuous", "sparse"}
