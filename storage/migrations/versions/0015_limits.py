"""Limits: what one person and one channel want is counted by what is stored already."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("channel", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index("inbox_of_person", "inbox", ["workspace", "person", "received_at"], unique=False)
    op.create_index("inbox_of_channel", "inbox", ["workspace", "channel", "received_at"], unique=False)
    op.create_index("handoffs_of_person", "handoffs", ["workspace", "slack_user", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("handoffs_of_person", table_name="handoffs")
    op.drop_index("inbox_of_channel", table_name="inbox")
    op.drop_index("inbox_of_person", table_name="inbox")
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("channel")
