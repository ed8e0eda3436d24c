"""Rules are pure: values in, a verdict out. No database, no wording."""
