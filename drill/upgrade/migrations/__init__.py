"""As CONTRIBUTING.md asks of migrations: a column that may be empty, an index beside the work, a constraint in two."""

from pathlib import Path

TABLES = ("tallies_stationresult", "tallies_c1form")


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("0*.py"))
