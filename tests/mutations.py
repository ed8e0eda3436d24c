"""Bytes of which some are wrong: flipped, cut off, cut out, put in, written twice."""

from __future__ import annotations

from hypothesis import strategies as st


def mutated(whole: bytes) -> st.SearchStrategy[bytes]:
    """One to four changes to ``whole``, anywhere in it."""
    place = st.integers(0, len(whole))
    change = st.one_of(
        st.tuples(st.just("set"), place, st.binary(min_size=1, max_size=8)),
        st.tuples(st.just("insert"), place, st.binary(min_size=1, max_size=8)),
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("remove"), place, st.integers(1, 64)),
        st.tuples(st.just("repeat"), place, st.integers(1, 64)),
        st.tuples(st.just("end"), place, st.none()),
    )
    return st.lists(change, min_size=1, max_size=4).map(lambda changes: _changed(whole, changes))


def _changed(whole: bytes, changes: list[tuple[str, int, object]]) -> bytes:
    data = bytearray(whole)
    for kind, at, value in changes:
        if kind == "flip" and at < len(data):
            data[at] ^= 1 << value
        elif kind == "set":
            data[at : at + len(value)] = value
        elif kind == "insert":
            data[at:at] = value
        elif kind == "remove":
            del data[at : at + value]
        elif kind == "repeat":
            data[at:at] = data[at : at + value]
        elif kind == "end":
            del data[at:]
    return bytes(data)
