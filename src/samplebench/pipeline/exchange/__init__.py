"""Checkpoints, the hub and fitted samplers, for use outside a run."""
