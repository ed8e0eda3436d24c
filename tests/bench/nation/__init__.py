"""The nation as it is on the evening of an election: 823,236 TPS in the tree of the package, three pairs."""
