"""The files that a sysadmin takes over: they must work as they are."""
