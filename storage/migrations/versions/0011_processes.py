"""Which process is sending a message: a claim with a number and an end."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("surfaces") as surfaces:
        surfaces.add_column(sa.Column("claim", sa.Integer(), server_default=sa.text("0"), nullable=False))
        surfaces.add_column(sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("surfaces") as surfaces:
        surfaces.drop_column("claimed_until")
        surfaces.drop_column("claim")
