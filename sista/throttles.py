"""Rate limits that let a form through when their cache is away."""

from typing import Any

from rest_framework.throttling import UserRateThrottle

from sista.cache import count_in_window, seconds_left


class ForgivingUserThrottle(UserRateThrottle):
    """Per signed-in user; never per address: a village shares one.

    Counts in fixed windows (so twice the rate may pass round the end of one), in
    one round trip, and rightly where requests come at once; the parent keeps the
    time of every request in a list that each reads and writes. The cache behind
    it (`sista.cache`) counts nothing while Redis is down, so the request passes.
    """

    def allow_request(self, request: Any, view: Any) -> bool:
        key = self.get_cache_key(request, view) if self.rate else None
        return key is None or count_in_window(key, self.duration) <= self.num_requests

    def wait(self) -> float:
        return seconds_left(self.duration)
