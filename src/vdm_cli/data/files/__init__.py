"""File formats, one a file: how each is read and written."""
