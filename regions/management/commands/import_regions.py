from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from regions import importing
from sista.progress import Progress
from sista.templatetags.formats import format_number


class Command(BaseCommand):
    help = "Import the regions from the installed package, or from --file code,parent_code,level,name."

    def add_arguments(self, parser):
        parser.add_argument(
            "--file", type=Path, help="CSV in UTF-8; level: nasional provinsi kabupaten kecamatan desa"
        )

    def handle(self, *args, file: Path | None, **options):
        progress = Progress(self.stderr)

        def tell(done: int, total: int) -> None:
            progress.at(f"Wilayah: {format_number(done)} dari {format_number(total)}")

        try:
            if file:
                with file.open(encoding="utf-8-sig", newline="") as stream:
                    counts = importing.import_regions(importing.rows_from_csv(stream), tell)
            else:
                counts = importing.import_regions(importing.rows_from_package(), tell)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except importing.ImportRefused as refused:
            raise CommandError("\n".join(refused.errors[:50])) from refused
        progress.end()
        self.stdout.write(f"{counts.total} wilayah: {counts.created} baru, {counts.updated} berubah.")
