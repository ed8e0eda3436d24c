"""Projections run from the stored totals, kept, and read for the pages."""
