"""Measures of two samples beside the divergences: cheap, widely reported, without a certificate on D_f."""
