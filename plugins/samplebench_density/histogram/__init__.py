"""Bins, the latents counted in them, and boxes to draw from: the machinery behind PMFS."""
