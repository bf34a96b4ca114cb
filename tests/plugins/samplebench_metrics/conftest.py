"""Evidence for metrics, with stand-ins for whatever a test does not set."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from samplebench import Continuous, Cost, Evidence, Latents, Need

MakeEvidence = Callable[..., Evidence]


@pytest.fixture(scope="session")
def make_evidence() -> MakeEvidence:
    """``make_evidence(train_latents=…, features={"test": …})``: tensors may stand for latents."""

    def latents(given: Tensor | Latents) -> Latents:
        if isinstance(given, Latents):
            return given
        return Continuous(given.shape[1]).pack(values=given)

    def make(
        *,
        test: Tensor | None = None,
        reconstructed: Tensor | None = None,
        train_reconstructed: Tensor | None = None,
        generated: Tensor | None = None,
        train_latents: Tensor | Latents | None = None,
        test_latents: Tensor | Latents | None = None,
        generated_latents: Tensor | Latents | None = None,
        test_log_probs: Tensor | None = None,
        features: Mapping[Any, Tensor] | None = None,
        costs: Mapping[str, Cost] | None = None,
    ) -> Evidence:
        features = features or {}
        image, vector = (
            torch.zeros(len(features.get("generated", [0])), 1, 1, 1),
            torch.zeros(1, 1),
        )
        pair = (
            latents(vector if train_latents is None else train_latents),
            latents(vector if test_latents is None else test_latents),
        )
        return Evidence(
            {
                Need.TEST: image if test is None else test,
                Need.RECONSTRUCTED: image if reconstructed is None else reconstructed,
                Need.TRAIN_RECONSTRUCTED: lambda: (
                    image if train_reconstructed is None else train_reconstructed
                ),
                Need.GENERATED: image if generated is None else generated,
                Need.LATENTS: pair,
                Need.GENERATED_LATENTS: latents(
                    vector if generated_latents is None else generated_latents
                ),
                Need.DENSITY: lambda: test_log_probs,
                Need.COSTS: costs or {},
                Need.FEATURES: lambda shown: features[shown],
            }
        )

    return make
