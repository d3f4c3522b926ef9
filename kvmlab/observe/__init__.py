"""A lab host that runs, looked at: graded (rehearsed, or watched), compared with its start, drawn as a map."""
