"""What the user looks at: the only package that uses Matplotlib."""
