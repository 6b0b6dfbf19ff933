"""Plays a user at a terminal: runs a command under a pseudo-terminal, waits for texts, types and resizes.

usage: terminal_driver.py SCRIPT COMMAND…

SCRIPT is JSON, a list of steps: ["expect", TEXT], ["type", TEXT], ["size", COLUMNS, ROWS], ["signal", NAME],
["pause", SECONDS], ["end"] (waits for the command's end). Prints everything the command wrote, then its status.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(command[0], command)

seen, searched, deadline = b"", 0, time.monotonic() + 30


def read_more(timeout):
    """Appends what comes within the time; False at the end of everything."""
    global seen
    if not select.select([terminal], [], [], timeout)[0]:
        return True
    try:
        data = os.read(terminal, 65536)
    except OSError:  # EIO: nobody has the other side open any more
        return False
    seen += data
    return bool(data)


failed = None
for step in steps:
    if step[0] == "expect":
        wanted = step[1].encode()
        while wanted not in seen[searched:]:
            if not read_more(0.1) or time.monotonic() > deadline:
                failed = f"never saw {step[1]!r}"
                break
        if failed:
            break
        searched = seen.index(wanted, searched) + len(wanted)
    elif step[0] == "type":
        os.write(terminal, step[1].encode())
    elif step[0] == "size":
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", step[2], step[1], 0, 0))
    elif step[0] == "signal":
        os.kill(pid, getattr(signal, step[1]))
    elif step[0] == "pause":
        time.sleep(step[1])
    elif step[0] == "end":
        while read_more(0.1) and time.monotonic() < deadline:
            pass

if failed or time.monotonic() > deadline:
    os.kill(pid, signal.SIGKILL)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen)
print(f"\nstatus {status if status >= 0 else 128 - status}{' ' + failed if failed else ''}")
