"""One file per question that a run can be asked."""
