from django.urls import path

from analytics.views import losing
from analytics.views import targets as views

urlpatterns = [
    # Targets of an election
    path("<slug:slug>/target/", views.targets, name="targets"),
    path("<slug:slug>/target/<int:contest_id>/<str:code>/", losing.area, name="lost-area"),
    path("<slug:slug>/target/<int:contest_id>/<str:code>/gambar/", losing.picture, name="lost-picture"),
    # Findings
    path("temuan/<int:finding_id>/", views.finding, name="finding"),
]
