from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from sista.progress import Progress
from sista.templatetags.formats import format_number
from tallies.archive.database_copies import CopyFailed
from tallies.archive.restoring import NotWhole, restore


class Command(BaseCommand):
    help = (
        "Restore the newest backup of a folder, or the one named, into this installation: looked at byte by byte "
        "first, its results summed anew and compared afterwards. Refuses a target in use without --replace."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--replace", action="store_true", help="what is there now is lost")

    def handle(self, *args, folder: Path, replace: bool, **options):
        progress = Progress(self.stderr)
        try:
            done = restore(folder.resolve(), replace=replace, progress=progress)
        except NotWhole as error:
            progress.end()
            for sentence in error.problems:
                self.stdout.write(sentence)
            raise CommandError("Cadangan ini tidak utuh. Tidak ada yang dipulihkan.") from error
        except (CopyFailed, OSError) as error:
            progress.end()
            raise CommandError(str(error)) from error
        progress.end()
        listed, brought = format_number(done.photos_listed), format_number(done.photos_brought)
        self.stdout.write(
            f"{done.folder}: {listed} berkas foto ({brought} dipulihkan), {done.elections} pemilihan, "
            "hasilnya sama dengan isi cadangan."
        )
