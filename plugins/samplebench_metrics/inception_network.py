"""torch-fidelity's InceptionV3, built without its weights."""

import io
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

_NAME = "inception-v3-compat"
"""Its name in torch-fidelity."""


class InceptionNetwork(FeatureExtractorInceptionV3):  # type: ignore[misc]  # it ships no types
    """Bytes (samples, 3, height, width) to a tuple of one, the features (samples, 2048).

    torch-fidelity's constructor loads weights, and downloads them if it is given none. This one is
    given a file without any, so that a network can be built first and filled later; until then all
    its weights are zero.
    """

    def __init__(self) -> None:
        # Saves the time and the random numbers for weights that will not be used.
        with torch.device("meta"):
            super().__init__(_NAME, ["2048"], feature_extractor_weights_path=_no_weights())
        self.to_empty(device="cpu")
        for tensor in self.state_dict().values():
            tensor.zero_()
        self.Conv2d_1a_3x3.register_forward_pre_hook(_channels_last)

    def load_state_dict(
        self, state_dict: Mapping[str, Tensor], strict: bool = True, assign: bool = False
    ) -> Any:
        """Load all weights, or none for the constructor."""
        return super().load_state_dict(state_dict, strict and bool(state_dict), assign)


def _no_weights() -> io.BytesIO:
    file = io.BytesIO()
    torch.save({}, file)
    file.seek(0)
    return file


def _channels_last(layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """Change the layout of the first layer's input, and so of all others: this one is faster."""
    return (inputs[0].contiguous(memory_format=torch.channels_last),)
