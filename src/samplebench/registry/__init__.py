"""The parts that are installed: hooks, isolated loading, specs, and frozen registries."""
