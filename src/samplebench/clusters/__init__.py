"""Points: their clusters, from which mixture models are initialised, nearest neighbours and
moments. No sampler is defined here.
"""

from samplebench.clusters.centres import k_means
from samplebench.clusters.choosing import choose_by_weight
from samplebench.clusters.moments import compute_moments
from samplebench.clusters.nearest import find_middle, find_nearest

__all__ = ["choose_by_weight", "compute_moments", "find_middle", "find_nearest", "k_means"]
