"""Findings in the hands of people: listed, read, answered, and no more at once than a coordinator can look at."""
