"""A lab host that runs, looked at: graded (with a rehearsal, too), compared with its start, drawn as a map."""
