"""Write docs/permissions.md, or check that it is current: both by asking every address as every role."""

import os
import subprocess
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

TEST = "tests/integration/test_permission_matrix.py"


class Command(BaseCommand):
    help = "Who gets what at which address: written by walking them in a test database, never from a list."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--write", action="store_true", help="write docs/permissions.md")
        what.add_argument("--check", action="store_true", help="fail when it is not current")

    def handle(self, **options):
        if not (settings.BASE_DIR / TEST).is_file():
            raise CommandError(f"{TEST} is not here: the matrix is made in a checkout with the tests.")
        environment = os.environ | {"SISTA_TEST": "1"}
        if options["write"]:
            environment["PERMISSION_MATRIX"] = "write"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
        if subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False).returncode:
            raise CommandError("docs/permissions.md is not what people get. Look at the rows above.")
        self.stdout.write("docs/permissions.md is current.")
