"""Shapes stated in annotations are checked at run time in every test."""

import os

os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # busy waiting makes small tensors 50 times slower

from jaxtyping import install_import_hook

install_import_hook(
    [
        "samplebench",
        "samplebench_datasets",
        "samplebench_autoencoders",
        "samplebench_quantized",
        "samplebench_dictionary",
        "samplebench_density",
        "samplebench_metrics",
    ],
    "beartype.beartype",
)
