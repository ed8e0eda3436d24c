"""Who guards which TPS, who steps in, who sits in the count room and when."""
