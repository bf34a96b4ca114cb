"""Work that every child needs, done once. The server of children imports it, last of all.

Letting torch import what it needs to be deterministic takes two seconds: children are spared it.
"""

import gc

import samplebench.pipeline.running.carry_out
import samplebench.pipeline.stages.cell  # noqa: F401 - children carry out its stage
from samplebench.pipeline.device import deterministic
from samplebench.pipeline.provenance import relevant_versions
from samplebench.pipeline.stages.code import core_code

with deterministic(threads=1):
    relevant_versions([core_code()])
# Children collect garbage before they measure memory; what was imported is none, and need not be
# searched half a second each time, nor its pages be copied.
gc.collect()
gc.freeze()
