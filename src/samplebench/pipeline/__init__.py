"""How a benchmark runs: suites, plans, stages, cells, and the children that they run in."""
