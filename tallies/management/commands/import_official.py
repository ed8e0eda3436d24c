import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from regions.models import Region
from sista.spreadsheets.limits import FileRefused
from tallies.management.elections import add_election_argument, chosen_election
from tallies.management.following import follow, tell_problems
from tallies.models import Contest, ImportState, Office, OfficialImport
from tallies.official import importing, receiving, turns
from tallies.official.receiving import Statement


class Command(BaseCommand):
    help = "Import official figures of TPS from a CSV or XLSX file of any size; the last line is JSON."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        add_election_argument(parser, required=True)
        parser.add_argument("--office", required=True, choices=Office.values)
        parser.add_argument(
            "--contest", metavar="CODE", help="a contest's region; without it every contest of the office"
        )
        parser.add_argument("--source", required=True, help="who published the figures")
        parser.add_argument("--source-url", default="")
        parser.add_argument(
            "--as-of", required=True, metavar="TIME", help="the source's own time: 2020-12-15T10:00+07:00"
        )
        parser.add_argument(
            "--by", metavar="USERNAME", help="whose import it is; rows outside this person's region are refused"
        )
        parser.add_argument("--check", action="store_true", help="only look at the file")
        parser.add_argument("--leave-out-bad", action="store_true", help="import what fits although some rows do not")

    def handle(self, *args, file: Path, check: bool, leave_out_bad: bool, **options):
        said, by = self._statement(options), self._person(options["by"])
        try:
            with file.open("rb") as opened:
                one = receiving.receive(opened, file.name, said, by=by)
        except (OSError, FileRefused, receiving.TooManyImports) as error:
            raise CommandError(str(error)) from error
        self._look(one)
        tell_problems(one, self.stderr)
        if check or not one.rows_fit or (one.rows_bad and not leave_out_bad):
            self._end(one)
            receiving.discard(one)
            if not check:
                raise CommandError("Tidak diimpor. Perbaiki berkasnya, atau pakai --leave-out-bad.")
            return
        self._import(one)
        self._end(one)
        if one.state != ImportState.DONE:
            raise CommandError("Impor berhenti. Yang sudah ditulis tetap berlaku.")

    def _statement(self, options) -> Statement:
        election = chosen_election(options["election"])
        moment = parse_datetime(options["as_of"])
        if moment is None:
            raise CommandError("--as-of: tulis seperti 2020-12-15T10:00+07:00.")
        if timezone.is_naive(moment):
            moment = timezone.make_aware(moment)
        contests = Contest.objects.filter(election=election, office=options["office"]).select_related("region")
        contest = None
        if options["contest"]:
            contest = contests.filter(region__code=options["contest"]).first()
            if contest is None:
                known = ", ".join(contests.values_list("region__code", flat=True)) or "belum ada"
                raise CommandError(f"Kontes '{options['contest']}' tidak ada. Yang ada: {known}.")
        by = self._person(options["by"])
        scope = by.scope if by else Region.objects.get(parent=None)
        region = contest.region if contest and scope.contains(contest.region) else scope
        return Statement(
            election, options["office"], contest, region, options["source"], moment, options["source_url"]
        )

    def _person(self, username: str | None) -> User | None:
        if username is None:
            return None
        person = User.objects.filter(username=username).select_related("region").first()
        if person is None or not person.may_decide or person.scope is None:
            raise CommandError(f"'{username}' tidak ada atau tidak boleh mengimpor.")
        return person

    def _look(self, one: OfficialImport) -> None:
        if one.state == ImportState.COLUMNS:
            found = ", ".join(map(str, one.labels))
            receiving.discard(one)
            raise CommandError(f"Kolom tidak dikenali: {found}.")
        follow(one, turns.run, "Memeriksa", self.stderr)
        if one.state != ImportState.READY:
            reason = one.report.get("refused", "")
            receiving.discard(one)
            raise CommandError(f"Berkas ditolak. {reason}")

    def _import(self, one: OfficialImport) -> None:
        try:
            importing.confirm(one, by=one.imported_by)
        except importing.Busy as error:
            receiving.discard(one)
            raise CommandError("Impor lain dari pemilihan ini sedang berjalan.") from error
        one.refresh_from_db()
        follow(one, turns.run, "Mengimpor", self.stderr)

    def _end(self, one: OfficialImport) -> None:
        names = ("rows_of", "rows_fit", "rows_bad", "rows_new", "rows_changed", "figures_written")
        said = {"import": str(one.uuid), "state": one.state, "sha256": one.sha256}
        self.stdout.write(json.dumps(said | {name: getattr(one, name) for name in names}))
