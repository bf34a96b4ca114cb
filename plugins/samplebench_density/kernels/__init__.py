"""Densities that are sums of kernels, one at each training latent."""
