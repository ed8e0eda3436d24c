"""How gunicorn serves, from ``./run`` and in a container alike."""

import os

wsgi_app = "sista.wsgi:application"
worker_class = "sista.web_worker.PacedThreadWorker"
threads = 16
# SQLite and the embedded drainer live in exactly one process (docs/decisions/0002).
workers = int(os.environ.get("WEB_CONCURRENCY", "2")) if os.environ.get("REDIS_URL") else 1
# The process is replaced when its main loop stands still this long. A slow request is the worker class's matter.
timeout = 60
graceful_timeout = 10
keepalive = 15
# A socket in the home directory through which the server can be steered: nobody needs it.
control_socket_disable = True
loglevel = "warning"
if os.path.isdir("/dev/shm"):
    # The heartbeat is a file; on a slow disk its touch would stall the loop.
    worker_tmp_dir = "/dev/shm"
