"""The last test of every TPS of a kabupaten, packed: Benjamini and Hochberg need all of them, a batch changes few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A row a TPS: keys of the station and its desa, votes of our pair, of all pairs, its expected share, p.
ROW = np.dtype(
    [("station", "<i8"), ("region", "<i8"), ("votes", "<i4"), ("valid", "<i4"), ("expected", "<f8"), ("p", "<f8")]
)

Rows = NDArray[np.void]


@dataclass(frozen=True)
class Memory:
    """``rows`` sorted by station."""

    rows: Rows

    @classmethod
    def empty(cls) -> Memory:
        return cls(np.empty(0, dtype=ROW))

    @classmethod
    def unpack(cls, content: bytes) -> Memory:
        """Read what `pack` wrote; of another shape of row (an older program's), nothing."""
        if len(content) % ROW.itemsize:
            return cls.empty()
        return cls(np.frombuffer(content, dtype=ROW))

    def pack(self) -> bytes:
        return self.rows.tobytes()

    def replaced(self, rows: Rows, asked: NDArray[np.int64]) -> Memory:
        """Return it with ``rows`` in place of those of the stations ``asked`` (which are no longer in, or anew)."""
        kept = self.rows[~np.isin(self.rows["station"], asked)]
        both = np.concatenate([kept, rows])
        return Memory(both[np.argsort(both["station"], kind="stable")])
