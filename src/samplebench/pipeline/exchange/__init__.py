"""What is used outside a run: checkpoints, the hub, fitted samplers."""
