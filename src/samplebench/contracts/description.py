"""Short descriptions of parts for people."""

import inspect


def describe_settings(part: object) -> str:
    """Name the class of a part and its settings: ``GaussianMixture(components=10)``.

    Settings that are not kept under their own names are left out.
    """
    names = inspect.signature(type(part).__init__).parameters
    kept = [name for name in names if name in vars(part)]
    settings = ", ".join(f"{name}={vars(part)[name]!r}" for name in kept)
    return f"{type(part).__name__}({settings})"
