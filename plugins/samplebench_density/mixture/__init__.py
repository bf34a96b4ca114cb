"""Mixtures of Gaussians and their fit by expectation-maximisation."""
