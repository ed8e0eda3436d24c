from django.urls import path

from tallies.views import trail

urlpatterns = [
    # Administrative acts, readable
    path("", trail.acts, name="trail"),
]
