"""Claims about the guides: every picture they show is there, and every picture there is shown."""

import re
from pathlib import Path

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "panduan"


def shown() -> set[str]:
    pages = [page.read_text(encoding="utf-8") for page in GUIDES.glob("*.md")]
    return {name for page in pages for name in re.findall(r"\]\((gambar/[^)]+)\)", page)}


def test_every_picture_is_there_and_is_shown():
    there = {f"gambar/{path.name}" for path in (GUIDES / "gambar").iterdir()}
    assert shown() == there
    assert len(there) >= 8


def test_every_link_between_the_guides_leads_somewhere():
    for page in GUIDES.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page.name, link)


def test_the_one_page_of_a_witness_is_short():
    assert len((GUIDES / "saksi.md").read_text(encoding="utf-8").split()) < 320
