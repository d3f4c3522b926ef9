"""`python -m kvmlab` is the command `kvmlab`."""

from kvmlab.cli.main import main

raise SystemExit(main())
