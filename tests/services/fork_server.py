"""`python -m tests.services.fork_server FD PROGRAM`: forks a program whose modules are loaded.

Loading them is most of what a start costs: 0.9 s of CPU for the API, 1.2 s for a worker. A fork
begins with the modules that the program's `__main__` imports, and runs that as `python -m` would.
The socket FD brings one order a packet, as JSON, and takes one answer. When the other end closes
it, all forks are killed.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import sys
import time
import warnings
from importlib import import_module
from typing import Any

# The default engine's library is not among them: most workers of tests do without.
LOADED = {
    "api": ("api.__main__",),
    "worker": (
        "worker.__main__",
        "worker.process.models",
        "worker.process.service",
        "worker.process.app",
        "worker.process.health",
        "worker.tasks",
    ),
}
PACKET_BYTES = 200_000
Order = dict[str, Any]


def serve(orders: socket.socket) -> Order | None:
    """Fork at each order to start; return the order in the fork, None when the orders end."""
    running: set[int] = set()
    while packet := orders.recv(PACKET_BYTES):
        order = json.loads(packet)
        if "ended" in order:
            _, status = os.waitpid(order["ended"], 0)
            running.discard(order["ended"])
            orders.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
            pid = os.fork()
        if pid == 0:
            return order
        running.add(pid)
        orders.send(json.dumps(pid).encode())
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return None


def become(order: Order) -> None:
    """Give this process what a program that is started has: a session, files, variables."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()


def main() -> None:
    """Load the program, serve, and in each fork run the program."""
    orders, program = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    for module in LOADED[program]:
        import_module(module)
    del sys.modules[f"{program}.__main__"]  # it is to run under the name of a program
    gc.freeze()
    order = serve(orders)
    orders.close()
    if order is not None:
        become(order)
        module, *arguments = order["run"]
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
