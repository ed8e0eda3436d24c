from django.urls import path

from tallies.views import evaluation

urlpatterns = [
    path("<slug:slug>/", evaluation.home, name="evaluation-home"),
    # A region: what is right below it, its witnesses, its readers, the report after the day
    path("<slug:slug>/<str:code>/", evaluation.regions, name="evaluation"),
    path("<slug:slug>/<str:code>/saksi/", evaluation.witnesses, name="evaluation-witnesses"),
    path("<slug:slug>/<str:code>/pembaca/", evaluation.readers, name="evaluation-readers"),
    path("<slug:slug>/<str:code>/laporan/", evaluation.report, name="evaluation-report"),
]
