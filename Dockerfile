# One image for web, worker, beat and the migration: docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SISTA_DATA=/srv/data \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics

# pg_dump, pg_restore and psql for `backup` and `restore`: Debian 12 has those of 15, as docker-compose.yml has the server.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/sista
COPY requirements.txt requirements-s3.txt requirements-sentry.txt ./
RUN pip install --no-cache-dir -r requirements.txt -r requirements-s3.txt -r requirements-sentry.txt

COPY . .
# The key is only for these commands: a given one is not written to disk.
RUN SISTA_SECRET_KEY=building python manage.py compile_translations \
    && SISTA_SECRET_KEY=building python manage.py collectstatic --noinput --ignore rest_framework \
    && useradd --system --no-create-home --home-dir /nonexistent sista \
    && chown -R sista:sista /srv/data

USER sista
EXPOSE 8000
CMD ["gunicorn", "-c", "python:sista.gunicorn_config", "--bind", "0.0.0.0:8000"]
