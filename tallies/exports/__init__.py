"""The tables of the pages as files: what they hold, how they are written, and the long ones beside the requests."""
