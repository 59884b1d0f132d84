"""Variational divergence minimization: train generators by f-divergences, and measure them from samples."""

__version__ = "0.1.0"
