"""Rate limits that let a form through when their cache is away."""

from rest_framework.throttling import UserRateThrottle


class ForgivingUserThrottle(UserRateThrottle):
    """Per signed-in user; never per address: a village shares one.

    The cache behind it (`sista.cache`) answers "not found" while Redis is
    down, so the request passes.
    """
