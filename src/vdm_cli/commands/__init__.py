"""The use cases, one a file: what the command line runs, and the Python API."""
