"""The page of `kvmlab serve`: text, terminal, checks and screens of a lab in a browser, on this computer alone; and
(`classroom`) that of `kvmlab class open --page`, for the students of a class.

It has no rights over lab hosts: whatever it does or looks at, it has a `kvmlab VERB` of its own process do, and what
it shows is that one's JSON. So a crash there is an error message here, and who may do what is said in one place.
Rejected: terminado (no flow control), websockify (a process a connection), a framework for the browser's side.
"""
