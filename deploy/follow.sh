#!/bin/sh
# The start of the container `replica`: copy the primary once, then follow it.
# Run as the user postgres, with PGDATA, PGHOST, PGUSER and PGPASSWORD set.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # What a copy that broke off has left is no database.
    find "$PGDATA" -mindepth 1 -delete
    # The slot keeps the log that this copy has not read, up to max_slot_wal_keep_size.
    pg_basebackup --pgdata "$PGDATA" --wal-method stream --write-recovery-conf --checkpoint fast \
        --slot sista_replica --create-slot ||
        { find "$PGDATA" -mindepth 1 -delete; pg_basebackup --pgdata "$PGDATA" --wal-method stream \
            --write-recovery-conf --checkpoint fast --slot sista_replica; }
    chmod 700 "$PGDATA"
fi
# A page's query may hold up what is replayed for two seconds, then it is cancelled and the primary answers it.
exec postgres -c hot_standby=on -c max_standby_streaming_delay=2s -c hot_standby_feedback=on
