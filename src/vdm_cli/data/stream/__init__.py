"""Rows that are read as they are trained on, because they are more than memory should hold."""
