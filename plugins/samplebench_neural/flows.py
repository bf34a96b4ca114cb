"""The flows of zuko, imported so that nothing else in the process changes by it."""

from torch.distributions import Distribution

# zuko switches the validation of all of torch's distributions off when it is imported.
_validates, _constraints = Distribution._validate_args, Distribution.arg_constraints
from zuko import flows  # type: ignore[import-untyped] # noqa: E402 # it has no py.typed

Distribution.set_default_validate_args(_validates)
Distribution.arg_constraints = _constraints  # type: ignore[method-assign]

__all__ = ["flows"]
