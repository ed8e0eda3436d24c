"""What happened beside the figures: read, in words, verified; and the heads of all chains sealed."""
