"""A samplebench plugin with one sampler: independent Laplace distributions."""

from samplebench import Register, hookimpl
from samplebench_laplace.laplace import Laplace

samplebench_api = 1


@hookimpl
def register_samplers(register: Register) -> None:
    register("laplace", Laplace)
