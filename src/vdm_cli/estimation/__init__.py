"""Measuring f-divergences between two sets of rows."""
