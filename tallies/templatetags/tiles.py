"""``{% region_tiles child_rows as map %}`` and its kin: the rows of a table as a map of tiles."""

from django import template

from tallies.totals import tiles

register = template.Library()

register.simple_tag(tiles.of_lines, name="region_tiles")
register.simple_tag(tiles.of_contests, name="contest_tiles")
register.simple_tag(tiles.of_party_totals, name="party_tiles")
