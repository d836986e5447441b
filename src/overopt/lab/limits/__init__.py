"""Where gold goes under pressure without end, and which theorem says so."""
