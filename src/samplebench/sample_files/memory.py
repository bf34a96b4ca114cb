"""The memory of this machine, into which a file has to fit before it is unpacked."""

import os


def require_memory(needed: int, advice: str) -> None:
    """Refuse to unpack more than there is.

    Args:
        needed: bytes.
        advice: what serves better than a file of this kind.

    Raises:
        ValueError: it would not fit.
    """
    if needed > (available := _memory()):
        raise ValueError(
            f"it would unpack to {needed / 2**30:,.1f} GiB, more than the memory of this machine "
            f"({available / 2**30:,.1f} GiB); {advice}"
        )


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
