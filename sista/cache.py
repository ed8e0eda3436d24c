"""A cache that is allowed to be away."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


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

    def delete(self, key, version=None):
        try:
            return super().delete(key, version)
        except RedisError as error:
            log.warning("cache away: %s", type(error).__name__)
            return False
