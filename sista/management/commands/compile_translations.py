from django.conf import settings
from django.core.management.base import BaseCommand

from sista import translations


class Command(BaseCommand):
    help = "Compile the catalogues that changed."
    requires_system_checks = []

    def handle(self, *args, **options):
        for path in translations.compile_changed(settings.LOCALE_PATHS):
            self.stdout.write(f"compiled {path.relative_to(settings.BASE_DIR)}")
