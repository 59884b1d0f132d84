"""From configuration to objects: the only package, below the commands, that sees both."""
