"""Figures as text: as many digits as they deserve."""

from decimal import Decimal

from samplebench.results.statistics import Summary


def figure(summary: Summary) -> str:
    """``mean ± std``, or the bare value of one seed.

    Three significant digits of the larger of the two, and up to two more where the spread is
    small enough to need them: ``1.23 ± 0.05``, ``0.9870 ± 0.0003``, ``12,345 ± 67``, ``1.23 ± 0``.
    Very large and very small figures have an exponent: ``1.23e-7 ± 0.05e-7``.
    """
    size = max(abs(summary.mean), summary.std or 0.0)
    exponent = _exponent(size)
    if size == 0 or -4 <= exponent < 7:
        power, decimals = 0, _decimals(exponent, summary.std)
    else:
        power, decimals = exponent, 2
    mean = _number(summary.mean, power, decimals)
    if summary.std is None:
        return mean
    return f"{mean} ± {_number(summary.std, power, decimals) if summary.std else 0}"


def _decimals(exponent: int, std: float | None) -> int:
    """Decimals for a mean of about 10^exponent: such that a digit of the spread shows."""
    first_of_spread = -_exponent(std) if std else 0
    return max(0, 2 - exponent, min(first_of_spread, 4 - exponent))


def _exponent(size: float) -> int:
    """The power of ten of the first digit, after rounding to three: 2 for 999, 3 for 999.7."""
    return int(f"{size:.2e}".partition("e")[2])


def _number(number: float, power: int, decimals: int) -> str:
    text = f"{Decimal(number).scaleb(-power):z,.{decimals}f}"
    return f"{text}e{power}" if power else text
