import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from sista.spreadsheets.limits import FileRefused
from tallies.importing import confirming, receiving
from tallies.management.elections import add_election_argument, chosen_election
from tallies.management.following import follow, tell_problems
from tallies.master_data import importing
from tallies.models import ImportState, MasterImport, MasterKind

TOLD = ("rows_of", "rows_fit", "rows_bad", "rows_new", "rows_changed", "rows_same", "written")


class Command(BaseCommand):
    help = "Import master data of an election from a CSV or XLSX file of any size; the last line is JSON."

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=MasterKind.values)
        parser.add_argument("file", type=Path)
        add_election_argument(parser, required=True)
        parser.add_argument(
            "--by", required=True, metavar="USERNAME", help="whose import it is; rows outside the region are refused"
        )
        parser.add_argument("--check", action="store_true", help="only look at the file")
        parser.add_argument("--leave-out-bad", action="store_true", help="import what fits although some rows do not")

    def handle(self, *args, kind: str, file: Path, check: bool, leave_out_bad: bool, **options):
        by = User.objects.filter(username=options["by"]).select_related("region").first()
        if by is None or not by.may_decide or by.scope is None:
            raise CommandError(f"'{options['by']}' tidak ada atau tidak boleh mengimpor.")
        election = chosen_election(options["election"])
        try:
            with file.open("rb") as opened:
                one = importing.receive(opened, file.name, kind=kind, election=election, region=by.scope, by=by)
        except (OSError, FileRefused, receiving.TooManyImports) as error:
            raise CommandError(str(error)) from error
        self._look(one)
        if check or not one.rows_fit or (one.rows_bad and not leave_out_bad):
            self._end(one)
            receiving.discard(one)
            if not check:
                raise CommandError("Tidak diimpor. Perbaiki berkasnya, atau pakai --leave-out-bad.")
            return
        try:
            confirming.confirm(one, by=by)
        except confirming.Busy as error:
            receiving.discard(one)
            raise CommandError("Impor lain dari pemilihan ini sedang berjalan.") from error
        one.refresh_from_db()
        follow(one, importing.run, "Mengimpor", self.stderr)
        self._end(one)
        if one.state != ImportState.DONE:
            raise CommandError("Impor berhenti. Yang sudah ditulis tetap berlaku.")

    def _look(self, one: MasterImport) -> None:
        if one.state == ImportState.COLUMNS:
            found = ", ".join(map(str, one.labels))
            receiving.discard(one)
            raise CommandError(f"Kolom tidak dikenali: {found}.")
        follow(one, importing.run, "Memeriksa", self.stderr)
        if one.state != ImportState.READY:
            reason = one.report.get("refused", "")
            receiving.discard(one)
            raise CommandError(f"Berkas ditolak. {reason}")
        tell_problems(one, self.stderr)
        for line, sentence in one.report.get("notes", ())[:20]:
            self.stderr.write(f"Baris {line}: {sentence}.")

    def _end(self, one: MasterImport) -> None:
        said = {"import": str(one.uuid), "state": one.state, "sha256": one.sha256}
        self.stdout.write(json.dumps(said | {name: getattr(one, name) for name in TOLD}))
