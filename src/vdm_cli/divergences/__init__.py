"""The f-divergences, as elementwise functions of a critic score."""
