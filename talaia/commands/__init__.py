"""The command line, a file per command. Each has HELP, arguments(parser) and run(options)."""

from talaia.errors import UserError

__all__ = ["UserError"]
