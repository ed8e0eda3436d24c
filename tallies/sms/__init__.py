"""Forms by SMS: read, answer, send."""
