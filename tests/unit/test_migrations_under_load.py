"""Claims about migrations: since the first night they do not lock the tables that forms go into."""

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Q

from drill.upgrade.migrations import TABLES, names
from tests import migration_rules
from tests.migration_rules import AT_ONCE, CONSTRAINT, INDEX, INDEXED, NOT_NULL, SQL, TAKEN_AWAY, TYPE

#: The last ones written before the rule; at that time no election was on.
BASELINE = {"accounts": 10, "analytics": 10, "regions": 2, "tallies": 27}


def migration(*operations, atomic=True, app="tallies"):
    made = migrations.Migration("9999_tried", app)
    made.operations, made.atomic = list(operations), atomic
    return made


def test_no_migration_since_the_baseline_locks_a_table_that_forms_go_into():
    loader = MigrationLoader(None)
    found = []
    for (app, name), one in sorted(loader.disk_migrations.items()):
        if app in BASELINE and int(name[:4]) > BASELINE[app]:
            found += migration_rules.objections(one, loader.project_state((app, name), at_end=False))
    assert found == []


def test_every_large_table_is_a_model_of_ours():
    assert len(set(migration_rules.large_tables())) == sum(map(len, migration_rules.LARGE.values()))


def change_every_form(state, schema_editor):
    state.get_model("tallies", "C1Form").objects.update(note="")


def change_an_election(state, schema_editor):
    state.get_model("tallies", "Election").objects.update(party_name="")


CHECK = models.CheckConstraint(condition=Q(audit_seq__gte=0), name="audit_seq_is_not_negative")
BY_REVIEW = models.Index(fields=["review"], name="by_review")
PLAIN_INDEX = "CREATE INDEX i ON tallies_vote (votes)"


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (migrations.AddIndex("stationresult", BY_REVIEW), INDEX),
        (migrations.AddConstraint("StationResult", CHECK), CONSTRAINT),
        (migrations.AlterField("vote", "votes", models.BigIntegerField()), TYPE),
        (migrations.AddField("c1form", "extra", models.IntegerField(default=0)), NOT_NULL),
        (migrations.AddField("c1form", "extra", models.IntegerField(null=True, db_index=True)), INDEXED),
        (migrations.AddField("c1form", "by", models.ForeignKey("accounts.User", models.PROTECT, null=True)), INDEXED),
        (migrations.RemoveField("pollingstation", "number"), TAKEN_AWAY),
        (migrations.RenameField("auditevent", "seq", "place"), TAKEN_AWAY),
        (migrations.RenameModel("C1Form", "Form"), TAKEN_AWAY),
        (migrations.DeleteModel("Vote"), TAKEN_AWAY),
        (migrations.RunPython(change_every_form), AT_ONCE),
        (migrations.RunSQL(PLAIN_INDEX), SQL),
        (migrations.RunSQL([("UPDATE tallies_c1form SET note = ''", None)]), SQL),
        (migrations.RunSQL("ALTER TABLE tallies_c1form ADD CONSTRAINT c CHECK (true)"), SQL),
        (migrations.RunSQL("ALTER TABLE tallies_vote ALTER COLUMN votes TYPE bigint"), SQL),
        (migrations.SeparateDatabaseAndState([migrations.RunSQL(PLAIN_INDEX)]), SQL),
    ],
)
def test_what_would_lock_the_intake_or_break_the_program_before_it_is_refused_with_what_to_do(operation, sentence):
    found = migration_rules.objections(migration(operation))
    assert len(found) == 1
    assert found[0].endswith(sentence)
    assert found[0].startswith("tallies.9999_tried: ")


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexConcurrently("stationresult", BY_REVIEW),
        AddConstraintNotValid("stationresult", CHECK),
        ValidateConstraint("stationresult", CHECK.name),
        migrations.AddField("c1form", "extra", models.IntegerField(null=True)),
        migrations.AddField("c1form", "extra", models.IntegerField(db_default=0)),
        migrations.AddIndex("election", BY_REVIEW),
        migrations.AddConstraint("election", CHECK),
        migrations.CreateModel("Another", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunPython(change_an_election),
        migrations.RunSQL("CREATE INDEX CONCURRENTLY i ON tallies_vote (votes)"),
        migrations.RunSQL("ALTER TABLE tallies_c1form ADD CONSTRAINT c CHECK (true) NOT VALID"),
        migrations.RunSQL("ALTER TABLE tallies_c1form VALIDATE CONSTRAINT c"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("vote", "votes")]),
    ],
)
def test_what_lets_forms_through_is_not_refused(operation):
    assert migration_rules.objections(migration(operation)) == []


def test_a_large_table_may_be_filled_in_batches():
    assert migration_rules.objections(migration(migrations.RunPython(change_every_form), atomic=False)) == []


@pytest.mark.parametrize(
    ("field", "refused"),
    [
        (models.CharField("Other words", max_length=8), False),
        (models.CharField(max_length=9), False),
        (models.CharField(max_length=7), True),
        (models.CharField(max_length=8, null=True), True),
        (models.TextField(), True),
    ],
)
def test_words_of_a_field_and_longer_texts_may_change_its_type_not(field, refused):
    made = migrations.Migration("0001", "tallies")
    made.operations = [
        migrations.CreateModel("Vote", [("id", models.BigAutoField(primary_key=True)), ("mark", _MARK.clone())])
    ]
    state = made.mutate_state(ProjectState())
    found = migration_rules.objections(migration(migrations.AlterField("vote", "mark", field)), state)
    assert bool(found) is refused


_MARK = models.CharField(max_length=8)


def test_the_upgrade_that_is_rehearsed_keeps_the_rules_and_changes_large_tables():
    assert set(TABLES) <= set(migration_rules.large_tables())
    made = [__import__(f"drill.upgrade.migrations.{name}", fromlist=["Migration"]).Migration for name in names()]
    assert len(made) == 4
    found = [migration_rules.objections(one(one.__name__, "drill_upgrade")) for one in made]
    assert found == [[]] * 4
    assert not apps.is_installed("drill.upgrade")
