"""What a page of a kabupaten tells beside its result: pictures and counts that prove nothing and find nobody."""
