"""Official figures of single TPS, from files: received, looked at, imported, undone, read by rule D2."""
