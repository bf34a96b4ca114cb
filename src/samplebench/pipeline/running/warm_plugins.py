"""The installed plugins, loaded once for all children. Imported by the fork server alone.

The parent reports those that are broken.
"""

from contextlib import suppress

from samplebench.registry.loading import load_parts, warm_up

with suppress(Exception):
    warm_up(load_parts())
