"""The command line, a file per command. Each has HELP, arguments(parser) and run(options)."""

from talaia.refusal import Refused

__all__ = ["Refused"]
