"""Latents as vectors: chunks of a size that suits the device, and statistics of each dimension."""
