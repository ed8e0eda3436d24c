"""A cache that is allowed to be away, and counting with it."""

import logging
import time
from typing import Any

from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def count_in_window(key: str, seconds: int) -> int:
    """Count one more under ``key``; return how many there are in this window of ``seconds``, itself included.

    Windows begin at multiples of ``seconds``. A cache that is away has counted nothing: 1.
    """
    window = f"{key}:{int(time.time()) // seconds}"
    if hasattr(cache, "count_one"):
        return cache.count_one(window, 2 * seconds)
    cache.add(window, 0, 2 * seconds)
    try:
        return cache.incr(window)
    except ValueError:  # culled between the two calls
        return 1


def counted_in_window(key: str, seconds: int) -> int:
    """How many were counted under ``key`` in this window."""
    return cache.get(f"{key}:{int(time.time()) // seconds}", 0)


def seconds_left(seconds: int) -> int:
    """Seconds until the next window begins."""
    return seconds - int(time.time()) % seconds


class _OneClient(RedisCacheClient):
    """Django makes a client for every command, at 0.1 ms; it holds nothing but the pool."""

    _kept: Any = None

    def get_client(self, key=None, *, write=False):
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, answering "not found" while Redis is down.

    The intake must not need Redis: a throttle whose cache is down would
    otherwise answer 500 to a witness.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = params.setdefault("OPTIONS", {})
        # A hung Redis must cost a request a moment, not its time limit.
        options.setdefault("socket_timeout", 0.5)
        options.setdefault("socket_connect_timeout", 0.2)
        super().__init__(server, params)
        self._class = _OneClient

    def count_one(self, key: str, seconds: int) -> int:
        """Count one more under ``key``, which is forgotten after ``seconds``; in one round trip."""
        name = self.make_and_validate_key(key)
        try:
            with self._cache.get_client(name, write=True).pipeline(transaction=False) as both:
                count, _set = both.incr(name).expire(name, seconds).execute()
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return 1
        return count

    def get(self, key, default=None, version=None):
        try:
            return super().get(key, default, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return default

    def set(self, key, value, timeout=300, version=None):
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)

    def add(self, key, value, timeout=300, version=None):
        try:
            return super().add(key, value, timeout, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return True

    def incr(self, key, delta=1, version=None):
        try:
            return super().incr(key, delta, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return delta

    def get_many(self, keys, version=None):
        try:
            return super().get_many(keys, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return {}

    def set_many(self, data, timeout=300, version=None):
        try:
            return super().set_many(data, timeout, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return list(data)

    def delete(self, key, version=None):
        try:
            return super().delete(key, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return False
