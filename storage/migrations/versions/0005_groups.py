"""Steps of a change set that are alike, how far each is, and what each person was shown to decide on."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_STEPS = sa.table(
    "steps",
    sa.column("id", sa.Integer),
    sa.column("workspace", sa.Text),
    sa.column("change_set_id", sa.Integer),
    sa.column("position", sa.Integer),
    sa.column("operation", sa.Text),
    sa.column("likeness", sa.Text),
    sa.column("state", sa.Text),
)


def upgrade() -> None:
    op.create_table(
        "step_groups",
        sa.Column("change_set_id", sa.Integer(), nullable=False),
        sa.Column("likeness", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change_set_id"], ["change_sets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("change_set_id", "likeness"),
        sa.UniqueConstraint("change_set_id", "position"),
    )
    op.create_table(
        "step_tallies",
        sa.Column("change_set_id", sa.Integer(), nullable=False),
        sa.Column("likeness", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change_set_id"], ["change_sets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("change_set_id", "likeness", "state"),
    )
    op.create_table(
        "ballots",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("change_set_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change_set_id"], ["change_sets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "token"),
    )
    with op.batch_alter_table("steps") as steps:
        steps.add_column(sa.Column("likeness", sa.Text(), nullable=False, server_default=sa.text("''")))
        steps.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
        steps.add_column(sa.Column("deadline", sa.DateTime(timezone=True), nullable=True))
        steps.create_index("steps_of_change_set", ["change_set_id", "state", "executor", "waits_for"])
        steps.create_index("steps_by_end", ["change_set_id", "finished_at"])
        steps.create_index("steps_by_executor", ["workspace", "executor", "state"])
    with op.batch_alter_table("change_sets") as change_sets:
        change_sets.add_column(sa.Column("csv_state", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_index("decisions_by_step", "decisions", ["step_id"])
    _sum_up()


def _sum_up() -> None:
    """Count what was staged before these tables were."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(_STEPS.c.id, _STEPS.c.operation)).all():
        likeness = _likeness_of(row.operation)
        connection.execute(sa.update(_STEPS).where(_STEPS.c.id == row.id).values(likeness=likeness))
    connection.execute(
        sa.text(
            "INSERT INTO step_groups (workspace, change_set_id, likeness, position, sample, size, warned)"
            " SELECT g.workspace, g.change_set_id, g.likeness,"
            " row_number() OVER (PARTITION BY g.change_set_id ORDER BY g.first) - 1, s.operation, g.size, 0 FROM"
            " (SELECT workspace, change_set_id, likeness, min(position) AS first, count(*) AS size FROM steps"
            " GROUP BY workspace, change_set_id, likeness) g"
            " JOIN steps s ON s.change_set_id = g.change_set_id AND s.position = g.first"
        )
    )
    connection.execute(
        sa.text(
            "INSERT INTO step_tallies (workspace, change_set_id, likeness, state, steps)"
            " SELECT workspace, change_set_id, likeness, state, count(*) FROM steps"
            " GROUP BY workspace, change_set_id, likeness, state"
        )
    )
    connection.execute(
        sa.text(
            "INSERT INTO step_tallies (workspace, change_set_id, likeness, state, steps)"
            " SELECT workspace, change_set_id, '', state, count(*) FROM steps"
            " GROUP BY workspace, change_set_id, state"
        )
    )


def _likeness_of(operation: str) -> str:
    """As `bot.domain.operations.likeness_of` at the time of this migration."""
    wanted = {name: value for name, value in json.loads(operation).items() if name not in _NOT_ALIKE}
    text = json.dumps(wanted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_NOT_ALIKE = {"package", "configuration", "old"}


def downgrade() -> None:
    op.drop_index("decisions_by_step", "decisions")
    with op.batch_alter_table("change_sets") as change_sets:
        change_sets.drop_column("csv_state")
    with op.batch_alter_table("steps") as steps:
        steps.drop_index("steps_by_executor")
        steps.drop_index("steps_by_end")
        steps.drop_index("steps_of_change_set")
        steps.drop_column("deadline")
        steps.drop_column("held")
        steps.drop_column("likeness")
    op.drop_table("ballots")
    op.drop_table("step_tallies")
    op.drop_table("step_groups")
