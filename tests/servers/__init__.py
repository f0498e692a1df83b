"""Real servers on the loopback for tests and measurements. Nothing in this folder knows the product."""
