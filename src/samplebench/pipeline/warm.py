"""What every child needs, done once. Imported by the fork server and by nothing else.

Loading the installed plugins here, and letting torch import what it needs to be deterministic
(two seconds), leaves a child ready in milliseconds. The parent reports plugins that are broken.
"""

import gc
from contextlib import suppress

import samplebench.pipeline.worker  # noqa: F401 - children run its functions
from samplebench.errors import SamplebenchError
from samplebench.pipeline.setup import ask_for_determinism
from samplebench.registry.loading import load_parts, warm_up

ask_for_determinism(threads=1)
with suppress(SamplebenchError):
    warm_up(load_parts())
# Children collect garbage before they measure memory; what was imported is none, and need not be
# searched half a second each time, nor its pages be copied.
gc.collect()
gc.freeze()
