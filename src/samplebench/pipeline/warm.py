"""What every child needs, done once. Imported by the fork server alone, and last of all.

Letting torch import what it needs to be deterministic takes two seconds: children are spared it.
"""

import gc

import samplebench.pipeline.worker  # noqa: F401 - children run its functions
from samplebench.pipeline.setup import ask_for_determinism

ask_for_determinism(threads=1)
# Children collect garbage before they measure memory; what was imported is none, and need not be
# searched half a second each time, nor its pages be copied.
gc.collect()
gc.freeze()
