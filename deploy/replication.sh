#!/bin/sh
# Let the container `replica` follow this PostgreSQL. Run once in the container `postgres`, as docs/scaling.md says.
set -eu

line="host replication sista samenet scram-sha-256"
grep -qxF "$line" "$PGDATA/pg_hba.conf" || echo "$line" >>"$PGDATA/pg_hba.conf"
psql -q -U sista -d sista <<'SQL'
ALTER SYSTEM SET max_slot_wal_keep_size = '8GB';
SELECT pg_reload_conf();
SQL
