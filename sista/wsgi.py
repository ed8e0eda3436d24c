import os

from django.core.wsgi import get_wsgi_application

from sista.stack import roomy

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sista.settings")
application = roomy(get_wsgi_application())

from sista import background  # noqa: E402  after the apps are loaded

background.start()
