"""Variational divergence minimization: train generators by f-divergences, measure f-divergences from samples."""

__version__ = "0.1.0"
