"""The form of fitted latents survives saving and guards against other spaces."""

import pytest
import torch

from samplebench import Continuous, Form, Mixture


def test_vectors_go_back_to_latents_of_the_same_form():
    space = Continuous(2, (3,))
    latents = space.pack(values=torch.randn(4, 3, 2, dtype=torch.float16))
    form = Form.of(latents)
    assert (form.dimensions, form.precision) == (6, torch.float32)
    vectors = form.vectors(latents)
    assert vectors.dtype == torch.float32
    back = form.latents(vectors)
    assert back.space == space
    assert torch.equal(back.values, latents.values)


def test_a_form_comes_back_from_its_state():
    space = Mixture(3, 2)
    codes = torch.zeros(1, 1, dtype=torch.int64)
    form = Form.of(space.pack(values=torch.zeros(1, 2, dtype=torch.float64), codes=codes))
    state = form.state({"steps": 3.0, "loss": 0.1})
    assert Form.restored(space, state) == form
    assert Form.diagnostics(state) == {"steps": 3.0, "loss": 0.1}
    assert Form.diagnostics(form.state()) == {}


def test_latents_of_another_space_are_refused():
    form = Form.of(Continuous(2).pack(values=torch.zeros(1, 2)))
    with pytest.raises(ValueError, match="fitted to latents of Continuous"):
        form.vectors(Continuous(1, (2,)).pack(values=torch.zeros(1, 2)))


def test_a_form_of_no_latents_is_refused():
    with pytest.raises(ValueError, match="at least one latent"):
        Form.of(Continuous(2).pack(values=torch.zeros(0, 2)))
