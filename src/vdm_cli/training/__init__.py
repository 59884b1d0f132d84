"""Training: state, step, optimizers and the loop."""
