from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TalliesConfig(AppConfig):
    name = "tallies"
    verbose_name = _("Penghitungan")

    def ready(self) -> None:
        from tallies.exports import desk_tables, evaluation_tables  # import the models, which are there by now

        desk_tables.register_all()
        evaluation_tables.register_all()
