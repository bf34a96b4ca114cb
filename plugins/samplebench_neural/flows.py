"""The flows of zuko, imported without side effects on the rest of the process."""

from torch.distributions import Distribution

# The import of zuko switches off the validation of all of torch's distributions.
_validates, _constraints = Distribution._validate_args, Distribution.arg_constraints
from zuko import flows  # type: ignore[import-untyped] # noqa: E402 # it has no py.typed

Distribution.set_default_validate_args(_validates)
Distribution.arg_constraints = _constraints  # type: ignore[method-assign]

__all__ = ["flows"]
