"""What a DPC does with what came in: look, decide, settle."""
