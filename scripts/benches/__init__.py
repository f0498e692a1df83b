"""Benchmarks of the bars of DESIGN §8. Load stays on the loopback and is bounded in count and time."""
