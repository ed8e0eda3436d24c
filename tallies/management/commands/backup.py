from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies.archive.backing_up import back_up
from tallies.archive.database_copies import CopyFailed


class Command(BaseCommand):
    help = "Back up database and photos into a folder, while the program runs. Photos that are there already stay."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *args, folder: Path, **options):
        progress = Progress(self.stderr)
        try:
            backup = back_up(folder.resolve(), progress)
        except (CopyFailed, OSError) as error:
            progress.end()
            raise CommandError(str(error)) from error
        progress.end()
        files, new = format_number(backup.manifest["photos"]["files"]), format_number(backup.photos_copied)
        self.stdout.write(f"{backup.folder}: {files} berkas foto, {new} di antaranya baru.")
        for slug, digest in backup.manifest["results"].items():
            self.stdout.write(f"{digest}  {slug}")
