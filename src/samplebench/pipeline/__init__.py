"""The pipeline of a benchmark: requests, the stages that meet them, and runs of stages."""
