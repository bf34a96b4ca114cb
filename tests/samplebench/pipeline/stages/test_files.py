"""Files of artefacts come back as they were written."""

import numpy as np
import pytest
import torch

from samplebench import Continuous, Mixture
from samplebench.pipeline.provenance import digest_of_tensors
from samplebench.pipeline.stages.files import (
    load_latents,
    load_tensors,
    save_latents,
)


@pytest.mark.parametrize("space", [Continuous(3), Mixture(4, 2, (2, 2))])
def test_latents_come_back_as_they_were(tmp_path, space):
    values = torch.randn(6, *space.grid, space.value_width)
    codes = torch.randint(4, (6, *space.grid, space.code_width))
    batch = space.pack(values=values, codes=codes if space.code_width else None)
    save_latents(tmp_path / "latents", train=batch, test=batch[:2])
    loaded = load_latents(tmp_path / "latents", space, torch.device("cpu"))
    assert torch.equal(loaded["train"].values, values)
    assert torch.equal(loaded["train"].codes, batch.codes)
    assert len(loaded["test"]) == 2


def test_a_digest_depends_on_names_types_shapes_and_values():
    base = torch.arange(6.0)
    digests = {
        digest_of_tensors(tensors)
        for tensors in (
            {"a": base},
            {"b": base},
            {"a": base.double()},
            {"a": base.view(2, 3)},
            {"a": base + 1},
        )
    }
    assert len(digests) == 5
    assert digest_of_tensors({"a": base.clone()}) in digests


def test_a_file_that_holds_no_weights_is_reported_as_such(tmp_path):
    np.save(tmp_path / "weights.npy", np.zeros(3))
    with pytest.raises(ValueError, match="is not a readable safetensors file"):
        load_tensors(tmp_path / "weights.npy")
