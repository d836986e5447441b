"""Laws of one variable."""
