"""The log: one line for what begins, lasts and ends; no secret in it, and nothing of strangers without a bound."""
