"""One runnable experiment for each theorem, showing the statement and where it stops."""
