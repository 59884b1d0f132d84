"""Data: where rows come from, how they reach the networks and how they are written back."""
