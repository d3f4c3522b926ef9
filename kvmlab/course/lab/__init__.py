"""A lab: its text, parameters, start and solutions compiled from Markdown and TOML into plain data (`model`)."""
