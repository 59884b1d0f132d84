"""What the players optimize: the variational bound, the generator losses and the penalties."""
