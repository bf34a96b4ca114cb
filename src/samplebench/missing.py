"""The one type for "or why not": ``X | Missing`` is a thing, or the reason why there is none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """Stands where something is not, and says why: "needs a density, and this sampler has none".

    The reason is never empty, and reads on after a name and a colon.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason
