"""The networks that autoencoders share, so that methods are compared on equal networks.

No part that a board ranks is defined here.
"""

from samplebench.networks.adversarial import AdversarialBottleneckAutoencoder
from samplebench.networks.bottleneck import Bottleneck, BottleneckAutoencoder, Coded, Sites
from samplebench.networks.likelihoods import Likelihood, reconstruction_loss
from samplebench.networks.maps import map_decoder, map_encoder, map_sizes
from samplebench.networks.vectors import Backbone, vector_decoder, vector_encoder

__all__ = [
    "AdversarialBottleneckAutoencoder",
    "Backbone",
    "Bottleneck",
    "BottleneckAutoencoder",
    "Coded",
    "Likelihood",
    "Sites",
    "map_decoder",
    "map_encoder",
    "map_sizes",
    "reconstruction_loss",
    "vector_decoder",
    "vector_encoder",
]
