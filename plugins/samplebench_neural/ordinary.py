"""Ordinary differential equations: a solver, and the change of volumes along a flow."""

import warnings
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

State = Float[Tensor, "samples numbers"]
Field = Callable[[Float[Tensor, "1 1"], State], State]
"""Time and states to the speed of each state."""


def integrate(field: Field, state: State, *, start: float, end: float, steps: int) -> State:
    """Integrate ``dx/dt = field(t, x)`` from ``start`` to ``end``, which may be earlier.

    By the classical Runge-Kutta method of fourth order, in equal steps.
    """
    step = (end - start) / steps
    for number in range(steps):
        now, middle, then = (
            state.new_full((1, 1), start + (number + share) * step) for share in (0.0, 0.5, 1.0)
        )
        first = field(now, state)
        second = field(middle, state + 0.5 * step * first)
        third = field(middle, state + 0.5 * step * second)
        fourth = field(then, state + step * third)
        state = state + step / 6 * (first + 2 * second + 2 * third + fourth)
    return state


def add_divergence(field: Field) -> Field:
    """Add one number to each state of the field, whose speed is the divergence at the others.

    Along a solution that number integrates ``∫ tr(∂field/∂x) dt``. The trace is exact, by one
    derivative along each axis.
    """

    def extended(time: Tensor, states: State) -> State:
        places = states[:, :-1]
        axes = torch.eye(places.shape[1], device=places.device, dtype=places.dtype)

        def along(axis: Tensor) -> tuple[Tensor, Tensor]:
            directions = axis.expand_as(places)
            moved = torch.func.jvp(partial(field, time), (places,), (directions,))
            return moved[0], moved[1] @ axis

        with warnings.catch_warnings():
            # The first use makes torch load a part that torch itself deprecates.
            warnings.filterwarnings("ignore", ".*torch.jit.script.*", FutureWarning)
            each = torch.func.vmap(along, out_dims=(None, 0))  # type: ignore[arg-type] # it may
            speed, slopes = each(axes)
        return torch.cat([speed, slopes.sum(0)[:, None]], dim=1)

    return extended
