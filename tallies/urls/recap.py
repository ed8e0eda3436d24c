from django.urls import path

from tallies.views import recap, recap_entry, recap_reading

urlpatterns = [
    # A desk's own start
    path("", recap.home, name="recap-home"),
    # One recap: what is in, entering it, deciding
    path("kontes/<int:contest_id>/<str:code>/", recap.recap, name="recap"),
    path("kontes/<int:contest_id>/<str:code>/isi/", recap_entry.enter, name="recap-entry"),
    path("kontes/<int:contest_id>/<str:code>/tetapkan/", recap.settle, name="recap-settle"),
    # The second reading
    path("bacaan/", recap_reading.waiting, name="recap-readings"),
    path("bacaan/<uuid:uuid>/", recap_reading.read, name="recap-reading"),
    path("foto/<uuid:uuid>/<str:sha256>/", recap_reading.photo, name="recap-photo"),
    # What is in and what is missing
    path("<slug:slug>/", recap.listed, name="recaps"),
]
