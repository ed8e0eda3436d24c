from django.urls import path

from analytics.views import targets as views

urlpatterns = [
    # Targets of an election
    path("<slug:slug>/target/", views.targets, name="targets"),
    # Findings
    path("temuan/<int:finding_id>/", views.finding, name="finding"),
]
