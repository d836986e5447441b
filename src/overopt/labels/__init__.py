"""Which rows to label, and with what recorded chance."""
