"""The rules run: what changed is read, asked, and written down as findings."""
