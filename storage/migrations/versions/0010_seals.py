"""The seals of the record, and what its events tell besides."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INDEXES = {"audit_by_package": "package", "audit_by_actor": "actor", "audit_by_subject": "subject"}


def upgrade() -> None:
    with op.batch_alter_table("audit_events", schema=None) as events:
        for name in ("package", "subject", "mark"):
            events.add_column(sa.Column(name, sa.Text(), nullable=True))
        events.add_column(sa.Column("delivery_id", sa.Integer(), nullable=True))
        for name, column in _INDEXES.items():
            events.create_index(name, ["workspace", column], unique=False)
        events.create_index("audit_marks", ["workspace", "mark"], unique=True)
    # What was written before tells its change set and package by its step alone.
    for name in ("change_set_id", "package"):
        op.execute(
            f"UPDATE audit_events SET {name} = (SELECT {name} FROM steps WHERE steps.id = audit_events.step_id)"  # noqa: S608
            f" WHERE {name} IS NULL AND step_id IS NOT NULL"
        )
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "number"),
        sa.UniqueConstraint("workspace", "event_id"),
    )
    op.create_index("audit_seals_age", "audit_seals", ["workspace", "sealed_at"], unique=False)
    op.create_table(
        "audit_files",
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("csv_state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "inbox_id"),
    )
    op.create_index("audit_files_open", "audit_files", ["workspace", "csv_state"], unique=False)


def downgrade() -> None:
    op.drop_table("audit_files")
    op.drop_table("audit_seals")
    with op.batch_alter_table("audit_events", schema=None) as events:
        for name in ("audit_marks", *_INDEXES):
            events.drop_index(name)
        for name in ("delivery_id", "mark", "subject", "package"):
            events.drop_column(name)
