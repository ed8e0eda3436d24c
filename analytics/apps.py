from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Analisis")

    def ready(self) -> None:
        from analytics.findings import findings_table  # imports the models, which are there by now
        from analytics.off_target import target_table

        target_table.register_table()
        findings_table.register_all()
