"""The rehearsal: a night of an election on parts of its own, with faults, and a recount from the senders' memory.

`manage.py drill` calls `drill.rehearsal.run`. Nothing else of Sista imports this package, and what stands outside
the served program here never imports its models: only `seeding`, `signing_in`, `reading_back` and `recounting` do,
which are run as processes with the settings of the rehearsed system.
"""
