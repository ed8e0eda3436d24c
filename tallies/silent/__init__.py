"""Stations that are not in: found, telephoned, reminded, typed from paper."""
