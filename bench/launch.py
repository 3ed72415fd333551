"""Run one command and write what it used, as JSON, to a file: `python -m bench.launch USAGE_FILE COMMAND...`.

A process of its own because the kernel counts the memory of whoever starts a command as that command's until it has
begun: started from here, that is a bare interpreter's few megabytes and not a bench that holds a catalogue.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main(usage_file: str, *command: str) -> int:
    """Give the command's own exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    # wait4 gives the use of this child and of all descendants it has waited for; maxrss is the largest one's.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    used = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    Path(usage_file).write_text(json.dumps(used))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
