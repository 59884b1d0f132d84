"""A user's own f: its grammar, its checks and its tables; no JAX."""
