"""How the work went: when phones were activated, when forms were sent, what had to be mended, who misread."""
