"""The outcome of merging and validating, in words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from samplebench.submission.findings import Finding, escape
from samplebench.submission.merge import Merged
from samplebench.submission.preference import RULE

_MOST_LINES: Final = 200


def describe_findings(findings: Sequence[Finding], path: Path) -> str:
    """One line for each finding, up to 200, and one that counts them."""
    place = escape(str(path))
    if not findings:
        return f"{place}: all is as it should be"
    lines = [str(finding) for finding in findings[:_MOST_LINES]]
    if len(findings) > _MOST_LINES:
        lines.append(f"… and {len(findings) - _MOST_LINES:,} more; --json lists all")
    counted = "1 finding" if len(findings) == 1 else f"{len(findings):,} findings"
    return "\n".join([*lines, f"{place}: {counted}"])


def describe_merge(merged: Merged, results: Path) -> str:
    """Count the cells, and name the rule where records differed."""
    counts = {"new": merged.added, "equal": merged.equal, "replaced": merged.replaced}
    counts |= {"different": len(merged.differing), "left out": len(merged.left_out)}
    counted = ", ".join(f"{n} {what}" for what, n in counts.items() if n) or "nothing"
    boards = ", ".join(str(results / f"{suite}.md") for suite in merged.suites) or "none"
    lines = [f"Merged: {counted}. Boards: {boards}"]
    if merged.differing:
        lines.append(f"Of two that differ, {RULE}. The other is under {results / 'superseded'}.")
    return "\n".join(lines)
