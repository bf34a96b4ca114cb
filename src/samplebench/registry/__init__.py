"""Who offers which part: hooks, isolated loading, specs, and the frozen registries they end in."""
