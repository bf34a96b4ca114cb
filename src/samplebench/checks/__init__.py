"""The contracts as code that can fail: the kit that plugin authors run on their own parts.

Each check is a function whose name is a sentence and whose docstring is the rule. Nothing here
measures or ranks anything.
"""

from samplebench.checks.kit import check_part, check_target
from samplebench.checks.outcome import Outcome, render

__all__ = ["Outcome", "check_part", "check_target", "render"]
