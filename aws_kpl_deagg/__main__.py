"""The command `aws-kpl-deagg`, or `python -m aws_kpl_deagg`: starts it, and ends it on Ctrl-C."""

import os
import sys

INTERRUPTED = 130  # 128 and the number of SIGINT, as shells report it


def main() -> int:
    """Runs the command with the arguments of the process; returns its exit status."""
    try:
        # Here, so that Ctrl-C during the import is quiet, too.
        from aws_kpl_deagg._command import run

        return run()
    except KeyboardInterrupt:
        pass
    # After the except clause, as the progress bar ends with the last reference to the exception.
    # Python's own exit would flush standard output, which blocks if the pipe is full and fails if
    # Ctrl-C has ended its reader as well.
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
