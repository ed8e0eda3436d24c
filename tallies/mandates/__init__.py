"""Letters of mandate: which are due, their paper and their link, the files of a region, who holds a valid one."""
