"""What every file that is imported goes through: received, looked at, confirmed, written in turns, undone.

A room that imports something says how in a `Way`; what it writes is its own.
"""
