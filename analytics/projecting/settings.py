"""The numbers of the projection, chosen by replay on one election: kept together so that another can choose again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectionSettings:
    """Pseudo-votes are in valid votes (turnout: in registered voters); parts and levels are fractions."""

    #: With so many votes of its own a kecamatan stands half for itself, half for its kabupaten.
    pseudo_votes: float = 800.0
    #: The same for a kabupaten within its provinsi; votes of one kecamatan beyond ``pseudo_votes`` count for little.
    #: Few: whole kabupaten (Madura) lie far from their provinsi. 1500 and 1500 were further off by a fifth at 10%.
    regency_pseudo_votes: float = 300.0
    #: Below this part of the registered voters in kecamatan with a report there is no answer.
    reached_enough: float = 0.60
    #: The same for kabupaten with a report. Kabupaten that come in one after the other from one end of a provinsi
    #: pass the first bound at 60% and were 5 to 7 points off there, 1.5 to 4 times the half width.
    regencies_enough: float = 0.85
    #: Nominal level of the interval.
    level: float = 0.90
    replicates: int = 400
    #: The answer to the same question is the same answer.
    seed: int = 2020
    #: A provinsi with fewer reporting kecamatan borrows the residuals of all.
    fewest_donors: int = 12
    #: Fewer kecamatan beyond the kabupaten's own effects, and the slope on an earlier election is not fitted.
    fewest_for_slope: int = 8
