"""An exam: what is drawn of the course (`draw`), and its record (`model`)."""
