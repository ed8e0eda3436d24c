"""The demonstration election: 19 East Java contests of 9 December 2020, restated and split into stations."""
