"""Evidence for metrics, with stand-ins for whatever a test does not speak of."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from samplebench import Continuous, Cost, Evidence, Latents

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
        return Evidence(
            test=image if test is None else test,
            reconstructed=image if reconstructed is None else reconstructed,
            generated=image if generated is None else generated,
            train_latents=latents(vector if train_latents is None else train_latents),
            test_latents=latents(vector if test_latents is None else test_latents),
            generated_latents=latents(vector if generated_latents is None else generated_latents),
            test_log_probs=None if test_log_probs is None else lambda: test_log_probs,
            costs=costs or {},
            features=lambda shown: features[shown],
        )

    return make
