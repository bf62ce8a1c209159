"""What workflow files say, and what was set up and is not used yet."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "workflow_looks",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "provider", "repository", "file"),
    )
    with op.batch_alter_table("workflow_looks", schema=None) as batch_op:
        batch_op.create_index("workflow_looks_over", ["workspace", "until"], unique=False)

    op.create_table(
        "create_rounds",
        sa.Column("change_set_id", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("again_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change_set_id"], ["change_sets.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("change_set_id", "from_at"),
    )
    with op.batch_alter_table("create_rounds", schema=None) as batch_op:
        batch_op.create_index("create_rounds_due", ["workspace", "next_at"], unique=False)


def downgrade() -> None:
    op.drop_table("create_rounds")
    op.drop_table("workflow_looks")
