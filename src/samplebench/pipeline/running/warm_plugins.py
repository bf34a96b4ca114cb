"""The installed plugins, loaded once for all children. Imported by the fork server alone.

The parent reports those that are broken.
"""

from contextlib import suppress

from samplebench.registry.loading import load_parts, warm_up

with suppress(Exception):
    parts = load_parts()
    warm_up(parts)
    for registry in parts.registries:
        for part in registry.values():
            part.code  # noqa: B018 - what it reads of sources is kept for all children
