"""What npm's lists of many packages have in common, what differs, and the file of them."""

from datetime import UTC, datetime

from bot.domain.coverage import write_csv
from bot.domain.evidence import EvidenceKind
from bot.domain.publishers import Configuration
from bot.domain.survey import (
    HEADER,
    Change,
    SurveyedPackage,
    SurveySum,
    compare_lists,
    sum_up,
    survey_document,
    survey_rows,
)

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
GITHUB = Configuration(
    id="1",
    type="github",
    claims={"repository": "acme/ui", "workflow_ref": {"file": "release.yml"}, "environment": "npm"},
    permissions=("createPackage", "createStagedPackage"),
)
CIRCLECI = Configuration(
    id="2",
    type="circleci",
    claims={
        "oidc.circleci.com/org-id": "550e8400-e29b-41d4-a716-446655440000",
        "oidc.circleci.com/project-id": "550e8400-e29b-41d4-a716-446655440001",
        "oidc.circleci.com/pipeline-definition-id": "550e8400-e29b-41d4-a716-446655440002",
        "oidc.circleci.com/vcs-origin": "github.com/acme/ui",
        "oidc.circleci.com/context-ids": ["550e8400-e29b-41d4-a716-446655440003"],
    },
    permissions=("createPackage",),
)
ODD = Configuration(id="=3", type="=cmd()", claims={"project": "é"}, permissions=("fly",), other={"expires": "2027"})
WIDER = GITHUB.model_copy(update={"permissions": ("createPackage",)})
EVERY = (
    SurveyedPackage(
        package="@acme/all",
        configurations=(GITHUB, CIRCLECI, ODD),
        before=(WIDER, ODD, CIRCLECI.model_copy(update={"id": "9"})),
        read_at=AT,
        evidence=EvidenceKind.TRUSTED,
    ),
    SurveyedPackage(package="none", configurations=(), read_at=AT, evidence=EvidenceKind.TRUSTED),
    SurveyedPackage(package="new", configurations=(GITHUB,), before=(GITHUB,), evidence=EvidenceKind.NONE),
    SurveyedPackage(package="lost", configurations=(), before=(ODD,)),
    SurveyedPackage(package="unread", problem="npm answered 503", before=(ODD,)),
)


def test_lists_are_compared_by_id_claims_and_permissions_whatever_their_order() -> None:
    changed = compare_lists((WIDER, ODD), (ODD, CIRCLECI, GITHUB))
    assert changed == Change(appeared=(CIRCLECI,), altered=(GITHUB,))
    assert compare_lists((GITHUB, ODD), (ODD,)) == Change(vanished=(GITHUB,))
    assert not compare_lists((GITHUB, ODD), (ODD, GITHUB))


def test_what_was_read_is_summed_up() -> None:
    assert sum_up(EVERY) == SurveySum(
        trusted=2,
        several=1,
        untrusted=2,
        unread=1,
        providers={"github": 2, "=cmd()": 1, "circleci": 1},
        changes={"@acme/all": EVERY[0].change, "lost": Change(vanished=(ODD,))},
        changed=2,
        unused=("new",),
        unused_total=1,
        gone=("none",),
        gone_total=1,
    )


def test_the_file_has_a_row_for_each_configuration_and_loses_nothing() -> None:
    rows = [dict(zip(HEADER, row, strict=True)) for row in list(survey_rows(EVERY))[1:]]
    assert [(row["package"], row["configuration id"], row["since the last reading"]) for row in rows] == [
        ("@acme/all", "1", "altered"),
        ("@acme/all", "2", "appeared"),
        ("@acme/all", "=3", ""),
        ("@acme/all", "9", "vanished"),
        ("none", "", ""),
        ("new", "1", ""),
        ("lost", "=3", "vanished"),
        ("unread", "", ""),
    ]
    assert (rows[0]["repository"], rows[0]["file"], rows[0]["environment"]) == ("acme/ui", "release.yml", "npm")
    assert rows[1]["file"] == "550e8400-e29b-41d4-a716-446655440002"
    assert (rows[2]["claims"], rows[2]["other"], rows[2]["permissions"]) == (
        '{"project": "é"}',
        '{"expires": "2027"}',
        "fly",
    )
    assert (rows[0]["read at"], rows[0]["evidence"], rows[0]["configurations"]) == (
        "2026-11-23T14:00:00Z",
        "trusted",
        "3",
    )
    assert (rows[7]["problem"], rows[7]["configurations"], rows[7]["read at"]) == ("npm answered 503", "", "")
    assert ",'=3,'=cmd()," in write_csv(survey_rows(EVERY))
    assert survey_document(EVERY)[0]["configurations"][2]["other"] == {"expires": "2027"}
