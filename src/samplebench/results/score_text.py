"""Scores as text, with as many digits as they deserve."""

from decimal import Decimal

from samplebench.results.statistics import Summary


def format_score(summary: Summary) -> str:
    """Write ``mean ± half the 95 % interval of the mean``, or the bare score of one seed or of
    seeds that all have the same.

    Three significant digits of the larger of the two, and more where the first digit of the second
    needs them: ``1.23 ± 0.05``, ``0.9870 ± 0.0003``, ``12,345 ± 67``. Very large and very small
    scores have an exponent: ``1.2346e7 ± 0.0006e7``.
    """
    reach = summary.reach() if summary.std else 0.0
    size = max(abs(summary.mean), reach)
    exponent = _exponent(size)
    power = 0 if size == 0 or -4 <= exponent < 7 else exponent
    decimals = max(0, 2 - (exponent - power))
    if not reach:
        return _number(summary.mean, power, decimals)
    decimals = max(decimals, power - _exponent(reach))
    return f"{_number(summary.mean, power, decimals)} ± {_number(reach, power, decimals)}"


def _exponent(size: float) -> int:
    """The power of ten of the first digit, after rounding to three: 2 for 999, 3 for 999.7."""
    return int(f"{size:.2e}".partition("e")[2])


def _number(number: float, power: int, decimals: int) -> str:
    text = f"{Decimal(number).scaleb(-power):z,.{decimals}f}"
    return f"{text}e{power}" if power else text
