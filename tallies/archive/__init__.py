"""The archive: what came in, found again, carried away, checked, kept, restored, and in the end without names."""
