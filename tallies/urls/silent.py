from django.urls import path

from tallies.views import paper_forms, silent

urlpatterns = [
    # One station: a call, a form on paper
    path("tps/<int:result_id>/catat/", silent.record_attempt, name="silent-attempt"),
    path("tps/<int:result_id>/kertas/", paper_forms.paper_form, name="paper-form"),
    path("kiriman/<uuid:uuid>/", paper_forms.paper_receipt, name="paper-receipt"),
    # Reminders, and the way to a form on paper, by election
    path("<slug:slug>/pengingat/", silent.remind, name="silent-remind"),
    path("<slug:slug>/pengingat/<uuid:uuid>/", silent.reminder, name="silent-reminder"),
    path("<slug:slug>/kertas/", paper_forms.find_station, name="paper-find"),
    # Who is not in
    path("<slug:slug>/", silent.silent_page, name="silent"),
]
