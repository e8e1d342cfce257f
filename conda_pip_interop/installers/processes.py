"""A child process that is listened to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence


def run_child(
    command: Sequence[str], environ: Mapping[str, str], *, show: bool, stdout: bool = True
) -> tuple[int, str]:
    """Run to the end; its exit code, and what it said, on stderr alone without `stdout`.

    `show` passes that on to our stderr as it comes. Whatever interrupts us ends the child first: it
    would write on where we clean up.
    """
    with subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
        stderr=subprocess.STDOUT if stdout else subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        lines: list[str] = []
        try:
            for line in (process.stdout if stdout else process.stderr) or ():
                lines.append(line)
                if show:
                    sys.stderr.write(line)
            process.wait()
        except BaseException:  # an interruption too ends the process
            process.terminate()
            process.wait()
            raise
    return process.returncode, "".join(lines)
