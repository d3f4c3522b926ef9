"""The actions of `kvmlab class`: each a function of its name in one of these modules, found by verbs/class.py."""
