"""Pure functions of numpy arrays that know nothing of rewards."""
