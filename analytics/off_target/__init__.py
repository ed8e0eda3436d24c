"""Rule W: where we expected to win and do not, and what the party expected at all."""
