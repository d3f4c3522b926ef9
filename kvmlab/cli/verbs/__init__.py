"""One module a verb: `arguments(parser)` declares, `run(args, ctx)` does it and returns the exit status."""
