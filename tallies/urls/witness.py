from django.urls import path

from tallies.views import witness

urlpatterns = [
    path("", witness.home, name="witness-home"),
    path("<int:result_id>/c1/", witness.form, name="witness-form"),
    path("kiriman/<uuid:uuid>/", witness.receipt, name="witness-receipt"),
]
