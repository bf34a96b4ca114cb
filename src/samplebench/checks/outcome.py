"""Outcomes of checks, and their text."""

import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from inspect import getdoc
from pathlib import Path
from typing import Literal

from samplebench.apart import call_apart
from samplebench.checks.case import CannotApply, Case, Check, CheckFailed
from samplebench.error_text import describe
from samplebench.errors import BadAnswer, DataMissing, WeightsMissing
from samplebench.missing import Missing


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check on one part in one case.

    ``rule`` is the check's docstring; ``detail`` says how it failed, or why it was skipped.
    """

    check: str
    rule: str
    part: str
    case: str
    status: Literal["passed", "failed", "skipped"]
    detail: str = ""

    @property
    def located(self) -> str:
        """The detail, after the case that shows it."""
        return f"on {self.case}: {self.detail}" if self.case else self.detail


def attempt(check: Check, case: Case) -> Outcome:
    """Run one check. Whatever the part raises is a failure of the part."""
    status: Literal["passed", "failed", "skipped"] = "passed"
    detail = ""
    try:
        check(case)
    except (CannotApply, DataMissing, WeightsMissing) as reason:
        status, detail = "skipped", str(reason)
    except (CheckFailed, BadAnswer) as failure:
        status, detail = "failed", str(failure)
    except (Exception, SystemExit) as error:  # parts are others' code: they may raise anything
        place = _find_place(error, case.chosen.part.plugin.sources)
        status, detail = "failed", f"{type(error).__name__}: {describe(error)} ({place})"
    return _outcome(check, case, status, detail)


def attempt_apart(check: Check, case: Case) -> Outcome:
    """Run one check in a process of its own: a part that ends it, or hangs there, has failed."""
    (outcome,) = call_apart([partial(attempt, check, case)])
    if isinstance(outcome, Missing):
        return _outcome(check, case, "failed", outcome.reason)
    return outcome


def _outcome(
    check: Check, case: Case, status: Literal["passed", "failed", "skipped"], detail: str
) -> Outcome:
    rule = " ".join((getdoc(check) or "").split())
    part = f"{case.chosen.part.kind} '{case.chosen}'"
    return Outcome(check.__name__, rule, part, str(case), status, detail)


def render(outcomes: Sequence[Outcome]) -> str:
    """Render broken rules with their cases, reasons for skipping, and last the counts."""
    failures: dict[tuple[str, str, str], list[str]] = {}
    skips: dict[tuple[str, str], int] = {}
    for outcome in outcomes:
        if outcome.status == "failed":
            broken = (outcome.part, outcome.check, outcome.rule)
            failures.setdefault(broken, []).append(outcome.located)
        if outcome.status == "skipped":
            reason = (outcome.part, outcome.detail)
            skips[reason] = skips.get(reason, 0) + 1
    lines = []
    for (part, check, rule), details in failures.items():
        lines += [
            f"FAILED {part}: {check}",
            f"  rule: {rule}",
            *(f"  but {line}" for line in details),
        ]
    for (part, detail), times in skips.items():
        lines.append(f"skipped {part}: {detail}" + (f" ({times} checks)" if times > 1 else ""))
    counts = Counter(outcome.status for outcome in outcomes)
    lines.append(", ".join(f"{counts[name]} {name}" for name in ("passed", "failed", "skipped")))
    return "\n".join(lines)


def _find_place(error: BaseException, sources: Sequence[Path]) -> str:
    """Find the last line of the plugin that was reached, or else the last of all."""
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    last = ([frame for frame in frames if Path(frame.filename) in sources] or frames)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"
