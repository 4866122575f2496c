"""Interpreters beside the main one.

Through the private module of 3.10 to 3.12 or that of 3.13, since concurrent.interpreters, the
public one, is there from 3.14 on only. From 3.12 on each has a GIL of its own.
"""

import contextlib

try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters


def run(interpreter, program):
    """Runs `program` in the interpreter; fails when it raises anything."""
    failure = _interpreters.run_string(interpreter, program)
    assert failure is None, failure.formatted


@contextlib.contextmanager
def new_interpreter():
    """An interpreter that ends with the block."""
    interpreter = _interpreters.create()
    try:
        yield interpreter
    finally:
        _interpreters.destroy(interpreter)
