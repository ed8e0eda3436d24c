"""What the next version brings to the tables, for the rehearsal of an upgrade: installed by `rehearsed_settings`.

It has no models: the rows are those of Sista, with a column more that only this version knows.
"""
