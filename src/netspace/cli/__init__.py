"""The command line: thin commands over the library.

Results go to stdout, progress and remarks to stderr. Exit codes: 0 done, 1 ours, 2 the user's
mistake (one line), 130 interrupted and resumable. Commands import what they need when they run, so
that `--help` is quick.
"""

from netspace.cli.start import app, main

__all__ = ["app", "main"]
