"""The word by which the runner names to the server of children the plugins to leave alone."""

from typing import Final

LEFT_OUT: Final = "SAMPLEBENCH_LEFT_OUT"
"""The environment variable, since nothing else is given to a server: names between commas."""
