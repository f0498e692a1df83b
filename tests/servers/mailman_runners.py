"""Run by Mailman's own Python: every runner that starts, forked from one interpreter, in two seconds instead of ten.

Mailman's master starts a Python for each runner, and each imports everything.
"""

import os
import signal
import sys
from importlib import import_module
from types import FrameType


def main(configuration: str) -> None:
    """Until SIGTERM, which goes on to the runners."""
    import_module("mailman.core.initialize").initialize(configuration)
    for module in ("mailman.runners.rest", "mailman.runners.lmtp", "mailman.rest.wsgiapp"):
        import_module(module)
    config = import_module("mailman.config").config
    make_runner = import_module("mailman.bin.runner").make_runner
    as_boolean = import_module("lazr.config").as_boolean
    running = set()
    for wanted in config.runner_configs:
        if not as_boolean(wanted.start):
            continue
        pid = os.fork()
        if pid == 0:
            config.db.engine.dispose()  # a connection is nobody's but the process that opened it
            config.db.store.close()
            runner = make_runner(wanted.name.removeprefix("runner."), 0, 1)
            runner.set_signals()
            try:
                runner.run()
            finally:
                os._exit(0)
        running.add(pid)

    def end(_number: int, _frame: FrameType | None) -> None:
        for pid in running:
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    while running:
        pid, _status = os.wait()
        running.discard(pid)


if __name__ == "__main__":
    main(sys.argv[1])
