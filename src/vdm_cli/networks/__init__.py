"""Generators and critics (Flax Linen), and the latent distributions."""
