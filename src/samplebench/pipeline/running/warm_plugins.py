"""The installed plugins, loaded once for all children. Imported by the fork server alone.

The parent reports those that are broken, and names them, so that they are not tried here.
"""

import os
from contextlib import suppress

from samplebench.pipeline.running.left_out import LEFT_OUT
from samplebench.registry.loading import Choice, load_parts, warm_up

with suppress(Exception):
    names = tuple(filter(None, os.environ.get(LEFT_OUT, "").split(",")))
    parts = load_parts(Choice(disabled=names))
    warm_up(parts)
    for registry in parts.registries:
        for part in registry.values():
            part.code  # noqa: B018 - what it reads of sources is kept for all children
