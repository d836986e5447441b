"""Joint laws of gold and proxy."""
