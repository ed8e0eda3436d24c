"""``{{ name|photo_title }}``: what a photo shows, "Foto halaman 2" or "Foto keberatan"."""

from django import template

from tallies.wording import photo_title

register = template.Library()
register.filter(photo_title)


@register.filter
def lower_first(text: str) -> str:
    """The same in the middle of a sentence: "Ulangi foto halaman 2"."""
    return text[:1].lower() + text[1:]
