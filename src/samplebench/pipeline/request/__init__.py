"""Requests: suites, grids and plans, with the status of each cell. Runs nothing, reads no data."""
