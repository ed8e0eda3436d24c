from django.urls import path

from analytics.views import expectation_imports as imports
from analytics.views import expectations as views

urlpatterns = [
    # Targets and expectations of an election
    path("<slug:slug>/", views.expectations, name="expectations"),
    path("<slug:slug>/impor/", imports.upload, name="expectation-import"),
    path("<slug:slug>/impor/<uuid:uuid>/", imports.preview, name="expectation-preview"),
    # Of one contest
    path("<slug:slug>/<int:contest_id>/", views.contest, name="contest-expectations"),
    path("<slug:slug>/<int:contest_id>/buat/", views.make, name="expectation-make"),
    path("<slug:slug>/<int:contest_id>/berlakukan/", views.activate, name="expectation-activate"),
]
