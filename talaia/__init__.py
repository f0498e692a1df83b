"""talaia: a status service for providers that belong to their members."""

__version__ = "0.1.0"
