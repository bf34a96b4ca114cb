"""Toy parts are checked as if a plugin had registered them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samplebench import Continuous, Discrete, Mixture, Sparse
from samplebench.checks import Outcome, check_part
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import Part
from samplebench.registry.spec import Spec


@pytest.fixture
def outcomes_of(tmp_path: Path) -> Callable[[str, Callable[..., Any]], list[Outcome]]:
    """What the kit finds about a toy part of some kind."""

    def outcomes(kind: str, factory: Callable[..., Any]) -> list[Outcome]:
        plugin = Plugin("toys", "the tests", "of this moment", sys.modules[__name__])
        chosen = Part(kind, "toy", factory, plugin).chosen(Spec("toy"))
        return check_part(
            chosen,
            data_dir=tmp_path,
            shapes=((1, 8, 8), (3, 6, 4)),
            spaces=(
                Continuous(1),
                Continuous(3),
                Discrete((5,)),
                Mixture(3, 1),
                Sparse(6, 2, (2, 2)),
            ),
        )

    return outcomes
