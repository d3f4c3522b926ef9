"""The engine over the checks: files loaded, passes run, a verdict for each, a report (`runner` is the way in).

It knows no host: facts come from a `Reader` (kvmlab.checks.reader), a real one's or a test's.
"""
