"""The witness's phone: what the server tells it, and the words it shows without a network."""
