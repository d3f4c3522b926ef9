"""A chapter's quiz: its questions (`model`), what is right (`answers`, `marks`), how far a student is (`progress`)."""
