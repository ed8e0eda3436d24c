"""The evening as a queueing network: how long a form waits with so many processes and cores. Pure, seeded.

`costs.py` holds what was measured, `machine.py` cores and queues, `flow.py` the way of a form and its photos,
`run.py` one evening from beginning to end, `table.py` what is told of several. Decision 0047 says what it assumes.
"""
