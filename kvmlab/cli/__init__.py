"""The command line: parse, run one verb, turn errors into sentences and exit statuses.

Each verb is a module of `verbs/` with `arguments(parser)` and `run(args, ctx) -> int`, imported only
when it is asked for: `kvmlab --help` must not wait for libvirt.
Rejected: typer and click, for what they cost every start (31–51 ms of the 80 a fast verb may take).
"""
