"""The norm of a network's Jacobian, its sensitivity to the input."""

import torch
from torch import Tensor


def squared_jacobian_norm(outputs: Tensor, inputs: Tensor, *, probes: int) -> Tensor:
    """Estimate ``‖∂ outputs / ∂ inputs‖²_F`` without bias, averaged over samples.

    ``E ‖Jᵀ s‖² = ‖J‖²_F`` for signs s that are drawn independently with mean 0 (Hutchinson's
    estimate); it costs a backward pass a probe instead of one for every output. The estimate can
    be differentiated itself. J is that of the whole batch: where batch normalisation couples the
    samples in training, the effect of a sample on the others counts as well.

    Args:
        outputs: (samples, …), computed from ``inputs`` with gradients on.
        inputs: (samples, …).
        probes: the number of draws of signs to average over.
    """
    total = outputs.new_zeros(())
    for _ in range(probes):
        signs = torch.randint_like(outputs, 2) * 2 - 1
        (gradient,) = torch.autograd.grad(outputs, inputs, signs, create_graph=True)
        total = total + gradient.square().sum()
    return total / probes / len(inputs)
