"""npm's own lists: the newest of each package, and those of many packages at once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "configurations_read",
        sa.Column("package", sa.Text(), nullable=False),
        sa.Column("configurations", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("npm_user", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "package"),
    )
    op.create_table(
        "surveys",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("npm_user", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("as_json", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("csv_state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "token"),
        sa.UniqueConstraint("workspace", "inbox_id"),
    )
    op.create_index("surveys_of_person", "surveys", ["workspace", "person", "state"], unique=False)
    op.create_index("surveys_files", "surveys", ["workspace", "csv_state"], unique=False)
    with op.batch_alter_table("reads", schema=None) as reads:
        reads.add_column(sa.Column("survey_id", sa.Integer(), nullable=True))
        reads.add_column(sa.Column("before", sa.Text(), server_default=sa.text("''"), nullable=False))
        reads.create_index("reads_of_survey", ["survey_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("reads", schema=None) as reads:
        reads.drop_index("reads_of_survey")
        reads.drop_column("before")
        reads.drop_column("survey_id")
    op.drop_table("surveys")
    op.drop_table("configurations_read")
