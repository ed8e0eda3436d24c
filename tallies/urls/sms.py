from django.urls import path

from tallies.views import sms

urlpatterns = [
    path("masuk/", sms.receive, name="sms-inbound"),
]
