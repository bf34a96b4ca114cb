"""Energy perplexity against its extremes and scipy's entropy of a dense code."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Continuous, Discrete, Latents, Mixture, Sparse
from samplebench_metrics.codebook_perplexity import CodebookPerplexity
from samplebench_metrics.energy_perplexity import EnergyPerplexity


def measured(make_evidence, latents: Latents) -> float:
    return EnergyPerplexity().measure(make_evidence(test_latents=latents))


def drawn(space: Sparse, samples: int, seed: int) -> Latents:
    """Random supports and coefficients."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(samples * space.sites, space.atoms, generator=generator).argsort()
    codes = order[:, : space.active].sort().values.reshape(samples, -1)
    return space.pack(values=torch.randn(codes.shape, generator=generator), codes=codes)


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_it_is_the_exponential_of_scipys_entropy_of_the_energies(make_evidence, active, seed):
    space = Sparse(7, active, (2, 3))
    latents = drawn(space, 11, seed)
    dense = np.zeros((11 * 6, 7))
    np.put_along_axis(
        dense,
        latents.codes.reshape(-1, active).numpy(),
        latents.values.reshape(-1, active).double().numpy(),
        axis=1,
    )
    assert measured(make_evidence, latents) == pytest.approx(
        math.exp(scipy.stats.entropy((dense**2).sum(0))), rel=1e-12
    )


@pytest.mark.parametrize("atoms", [1, 2, 7, 512])
def test_atoms_of_equal_energy_give_their_number(make_evidence, atoms):
    signs = torch.tensor([1.0, -1.0]).repeat(atoms)[:, None]
    codes = torch.arange(atoms).repeat(2)[:, None]
    latents = Sparse(600, 1).pack(values=3 * signs, codes=codes)
    assert measured(make_evidence, latents) == pytest.approx(atoms)


def test_an_atom_of_small_coefficients_hardly_counts_however_often_it_is_active(make_evidence):
    codes = torch.tensor([[0, 1]]).repeat(50, 1)
    values = torch.tensor([[1.0, 1e-3]]).repeat(50, 1)
    evidence = make_evidence(test_latents=Sparse(4, 2).pack(values=values, codes=codes))
    assert EnergyPerplexity().measure(evidence) == pytest.approx(1, abs=1e-4)
    assert CodebookPerplexity().measure(evidence) == pytest.approx(2)


@pytest.mark.parametrize("unit", [1e-12, 1e-3, 255.0])
def test_the_unit_of_the_coefficients_changes_nothing(make_evidence, unit):
    latents = drawn(Sparse(9, 3), 40, seed=0)
    other = Sparse(9, 3).pack(values=unit * latents.values, codes=latents.codes)
    assert measured(make_evidence, other) == pytest.approx(measured(make_evidence, latents))


def test_coefficients_that_are_all_zero_give_one(make_evidence):
    codes = torch.tensor([[0, 1], [2, 3]])
    assert measured(make_evidence, Sparse(4, 2).pack(values=torch.zeros(2, 2), codes=codes)) == 1


@pytest.mark.parametrize("space", [Continuous(8), Discrete((4,)), Mixture(4, 2)])
def test_it_objects_to_all_but_sparse_latents(space):
    assert EnergyPerplexity().objection((1, 8, 8), space) == "needs sparse latents"
    assert EnergyPerplexity().objection((1, 8, 8), Sparse(4, 2)) is None


def test_atoms_that_are_possible_and_not_in_use_take_no_memory(make_evidence):
    codes = torch.arange(1024)[:, None] * 2**26
    latents = Sparse(2**36, 1).pack(values=torch.ones(1024, 1), codes=codes)
    assert measured(make_evidence, latents) == pytest.approx(1024)
