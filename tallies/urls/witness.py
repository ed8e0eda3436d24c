from django.urls import path

from tallies.views import invitations, phone, witness

urlpatterns = [
    path("", witness.home, name="witness-home"),
    path("<int:result_id>/c1/", witness.form, name="witness-form"),
    path("<int:station_id>/c6/", invitations.invitation, name="witness-invitation"),
    path("kiriman/<uuid:uuid>/", witness.receipt, name="witness-receipt"),
    # The page that works without a network; the worker rules over everything under its own folder
    path("ponsel/", phone.shell, name="phone"),
    path("ponsel.js", phone.worker, name="phone-worker"),
    path("ponsel.webmanifest", phone.manifest, name="phone-manifest"),
]
