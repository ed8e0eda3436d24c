"""The rehearsal: a night of an election on parts of its own, with faults, and a recount from the senders' memory.

`manage.py drill` calls `drill.rehearsal.run`. Nothing else of Sista imports this package, and what stands
outside the served program here never imports its models: only `seeding` and `reading_back` do, with `signing_in` and `recounting`, which are run as
processes with the settings of the rehearsed system.
"""
