"""Benchmarks: ``./run bench [NAME …]``, or ``python -m tests.bench``.

Each prints a table and one JSON line a measurement. Figures that hold on a
busy machine come first: CPU-milliseconds from /proc, and ratios of two things
measured in the same run. Everything runs on a PostgreSQL database of its own
that is dropped at the end.
"""
