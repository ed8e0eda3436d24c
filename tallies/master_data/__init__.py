"""Master data of an election from files: a module a kind, which reads rows, writes what is news and takes it back."""
