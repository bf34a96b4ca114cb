"""Durations as people write them."""


def format_duration(seconds: float) -> str:
    """Write seconds for people: ``45 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
