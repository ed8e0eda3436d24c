"""What the end may be while only a part is in. Pure: numpy in, frozen answers out; no database, no wording."""
