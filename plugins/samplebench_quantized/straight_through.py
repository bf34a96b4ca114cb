"""Gradients through a step that has none."""

from torch import Tensor


def straight_through(exact: Tensor, rounded: Tensor) -> Tensor:
    """Return ``rounded``, with the gradient of ``exact``.

    Reference: Estimating or Propagating Gradients Through Stochastic Neurons for Conditional
    Computation (Bengio et al., 2013), arXiv:1308.3432
    """
    return exact + (rounded - exact).detach()
