"""GPUs for children: each child sees one, by the variable that CUDA reads when it starts."""

import os
from collections.abc import Callable, Iterable
from typing import Any, Final

_VARIABLE: Final = "CUDA_VISIBLE_DEVICES"


def name_gpus(count: int, chosen: Iterable[int] | None = None) -> tuple[str, ...]:
    """The names of the GPUs that this process may use, in the order in which torch counts them.

    Args:
        count: how many torch counts.
        chosen: the numbers of those that are wanted; all when left out.
    """
    stated = [name.strip() for name in os.environ.get(_VARIABLE, "").split(",") if name.strip()]
    names = stated[:count] if stated else [str(number) for number in range(count)]
    return tuple(names if chosen is None else (names[number] for number in chosen))


def call_on_gpu(gpu: str, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``fn`` where CUDA, which was not used yet, has this GPU alone."""
    os.environ[_VARIABLE] = gpu
    return fn(*args, **kwargs)
