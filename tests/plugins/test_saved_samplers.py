"""Every bundled sampler goes into a file, and comes out as it was."""

import pytest
import torch

from samplebench import fit_sampler, load_sampler, save_sampler, seeded
from samplebench.checks import toys
from samplebench.pipeline.request.suite import load_suite
from samplebench.registry.loading import load_parts
from samplebench.registry.spec import parse_grid
from samplebench_neural import NormalisingFlow

SAMPLERS = load_parts().samplers
SPECS = [str(spec) for text in load_suite("smoke").samplers for spec in parse_grid(text)]
MORE = ["flow(hidden=(8, 8), steps=5, transforms=1)", "gmm(components='bic', candidates=(1, 2))"]
"""With settings of several numbers."""


@pytest.mark.parametrize("spec", [*SPECS, *MORE])
def test_a_loaded_sampler_draws_what_the_saved_one_drew(spec, tmp_path):
    sampler = SAMPLERS.choose(spec)[0].build()
    space = next(space for space in toys.SPACES if sampler.objection(space) is None)
    fitted = fit_sampler(spec, toys.latents(space))
    save_sampler(fitted, tmp_path / "it.safetensors")
    loaded = load_sampler(tmp_path / "it.safetensors")
    draws = []
    for one in (fitted, loaded):
        with seeded(1, "draw"):
            draws.append(one.sample(50))
    assert torch.equal(draws[0].values, draws[1].values)
    assert torch.equal(draws[0].codes, draws[1].codes)
    assert loaded.diagnostics() == fitted.diagnostics()


def test_a_setting_that_was_given_as_a_list_is_saved_as_the_numbers_that_it_is(tmp_path):
    sampler = NormalisingFlow(hidden=(8,), steps=5, transforms=1)
    sampler.hidden = [8]
    with seeded(0, "fit"):
        sampler.fit(toys.latents(toys.SPACES[0]))
    save_sampler(sampler, tmp_path / "it.safetensors")
    assert load_sampler(tmp_path / "it.safetensors").hidden == (8,)
