"""What each place is expected to give: made from an earlier election, imported, read, and which one is in force."""
