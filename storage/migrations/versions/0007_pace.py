"""The line of calls, the pace in force, and what was stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FIRST_REVOKES = "plan IN ('revoke', 'revoke_then_create')"


def upgrade() -> None:
    with op.batch_alter_table("steps") as steps:
        steps.add_column(sa.Column("urgency", sa.Integer(), server_default=sa.text("9"), nullable=False))
        steps.add_column(sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(  # as bot.domain.line.urgency_of has it
        "UPDATE steps SET urgency = CASE state"  # noqa: S608 -- all of it is ours
        " WHEN 'half_replaced' THEN 0"
        f" WHEN 'ready' THEN CASE WHEN {_FIRST_REVOKES} THEN 1 ELSE 3 END"
        " WHEN 'unknown' THEN 4"
        " WHEN 'waiting_for_person' THEN CASE WHEN waits_for = 'login' THEN 5 ELSE 9 END"
        " ELSE 9 END"
    )
    op.create_index("steps_in_line", "steps", ["workspace", "urgency", "executor", "held", "paused", "id"])
    op.create_index("reads_in_line", "reads", ["workspace", "slack_user", "state", "id"])
    with op.batch_alter_table("attempts") as attempts:
        attempts.add_column(sa.Column("lane", sa.Text(), server_default=sa.text("'registry'"), nullable=False))
    with op.batch_alter_table("leases") as leases:
        leases.add_column(sa.Column("pace_ms", sa.Integer(), server_default=sa.text("0"), nullable=False))
        leases.add_column(sa.Column("steady", sa.Integer(), server_default=sa.text("0"), nullable=False))
        leases.add_column(sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "freezes",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "freezes_once",
        "freezes",
        ["workspace"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("freezes_once", table_name="freezes")
    op.drop_table("freezes")
    with op.batch_alter_table("leases") as leases:
        leases.drop_column("slowed_at")
        leases.drop_column("steady")
        leases.drop_column("pace_ms")
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_column("lane")
    op.drop_index("reads_in_line", table_name="reads")
    op.drop_index("steps_in_line", table_name="steps")
    with op.batch_alter_table("steps") as steps:
        steps.drop_column("paused")
        steps.drop_column("urgency")
