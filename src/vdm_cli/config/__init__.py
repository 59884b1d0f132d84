"""Configuration: the schema and its YAML, without JAX."""
