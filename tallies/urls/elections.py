from django.urls import path

from tallies.views import elections

urlpatterns = [
    # Elections, their phase and their practice
    path("", elections.listed, name="elections"),
    path("<slug:slug>/", elections.election, name="election"),
    path("<slug:slug>/fase/", elections.propose, name="phase-propose"),
    path("<slug:slug>/fase/<int:pk>/", elections.decide, name="phase-decide"),
    path("<slug:slug>/latihan/", elections.practise, name="practice-make"),
    path("<slug:slug>/hapus/", elections.remove, name="practice-remove"),
]
