"""The real returns of East Java in 2019 as arrays, and orders in which its TPS could have come in."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.projecting.returns import Returns, Tree, add_up

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RETURNS = DATA / "pilpres2019_tps_jatim.csv.gz"
LATER = DATA / "pilkada2024_jatim_kecamatan.csv.gz"

#: Kabupaten and kota from the eastern end of the province to the western.
# fmt: off
FROM_THE_EAST = (
    "3529", "3510", "3512", "3511", "3509", "3528", "3513", "3574", "3508", "3527", "3514", "3575",
    "3526", "3578", "3515", "3507", "3573", "3579", "3525", "3516", "3576", "3517", "3524", "3506",
    "3571", "3505", "3572", "3504", "3518", "3522", "3523", "3503", "3519", "3577", "3502", "3520",
    "3521", "3501",
)
# fmt: on


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the time of arrival, in units of that of a TPS within its kecamatan."""

    name: str
    regency: float
    district: float
    station: float = 1.0


@dataclass(frozen=True)
class Election:
    """One entry a TPS. ``arrived``: time at which the citizens' count had it, a real order (NaN: never)."""

    tree: Tree
    regency_codes: tuple[str, ...]
    district_codes: tuple[str, ...]
    district: np.ndarray
    registered: np.ndarray
    votes: np.ndarray
    arrived: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        votes = self.votes.sum(axis=0)
        return votes / votes.sum()

    def seen(self, order: np.ndarray, part: float) -> Returns:
        """Return what is in when ``part`` of the TPS are, the earliest of ``order`` first."""
        first = np.zeros(len(order), dtype=bool)
        first[np.argsort(order, kind="stable")[: round(part * len(order))]] = True
        return add_up(self.tree, district=self.district, registered=self.registered, votes=self.votes, seen=first)

    def order(self, spread: Spread, seed: int) -> np.ndarray:
        """Draw a time of arrival for each TPS: kabupaten effect + kecamatan effect + its own."""
        draw = np.random.default_rng(seed).standard_normal
        of_regency = spread.regency * draw(self.tree.regencies)
        of_district = spread.district * draw(self.tree.districts) + of_regency[self.tree.regency_of]
        return of_district[self.district] + spread.station * draw(len(self.district))

    def east_first(self) -> np.ndarray:
        rank = np.array([FROM_THE_EAST.index(code) for code in self.regency_codes], dtype=float)
        return rank[self.tree.regency_of][self.district]

    def real_order(self) -> np.ndarray:
        return np.where(np.isnan(self.arrived), np.inf, self.arrived)


def read(path: Path = RETURNS) -> Election:
    """Read the official reading, the citizens' where there is none; TPS without either are left out."""
    with gzip.open(path, "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kpu_pas1"] or row["kp_pas1"]]
    rows.sort(key=lambda row: (row["kab_kode"], row["kec_id"]))
    districts = list(dict.fromkeys((row["kab_kode"], row["kec_id"], row["kec_kode"]) for row in rows))
    districts = list(
        {one[:2]: one for one in sorted(districts, key=lambda one: (one[0], one[1], one[2] == ""))}.values()
    )
    regencies = list(dict.fromkeys(kab for kab, _kec, _code in districts))
    number = {one[:2]: index for index, one in enumerate(districts)}
    tree = Tree(
        regency_of=np.array([regencies.index(kab) for kab, _kec, _code in districts]),
        province_of=np.zeros(len(regencies), dtype=np.intp),
    )
    votes = [[float(row[f"{'kpu' if row['kpu_pas1'] else 'kp'}_pas{pair}"] or 0) for pair in (1, 2)] for row in rows]
    registered = np.array([float(row["dpt_l"]) + float(row["dpt_p"]) for row in rows])
    arrived = np.array([float(row["kp_ts"] or 0) for row in rows])
    return Election(
        tree=tree,
        regency_codes=tuple(one.replace(".", "") for one in regencies),
        district_codes=tuple(code.replace(".", "") for _kab, _kec, code in districts),
        district=np.array([number[row["kab_kode"], row["kec_id"]] for row in rows]),
        registered=np.where(registered > 0, registered, np.nan),
        votes=np.array(votes),
        arrived=np.where(arrived > 0, arrived, np.nan),
    )


def governor_2024(election: Election, pair: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return (votes of ``pair``, valid votes) by kecamatan of the vote for governor in 2024; 0, 0 where none."""
    votes: dict[str, dict[int, float]] = {}
    with gzip.open(LATER, "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["jenis"] == "gubernur":
                votes.setdefault(row["kec_kode"], {})[int(row["paslon_no"])] = float(row["suara"] or 0)
    found = [votes.get(code, {}) for code in election.district_codes]
    return np.array([one.get(pair, 0.0) for one in found]), np.array([sum(one.values()) for one in found])
