"""`npmtrust policy check | explain | schema`."""

from pathlib import Path

import pytest

from bot.cli import main

EXAMPLE = Path(__file__).parents[1] / "docs" / "policy.toml"


def test_a_policy_file_is_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["policy", "check", str(EXAMPLE)]) == 0
    assert "can be used: 3 rules, 1 person, 2 admins" in capsys.readouterr().out
    broken = tmp_path / "broken.toml"
    broken.write_text("\n[[rule]]\npackages = ['@acme']\n")
    assert main(["policy", "check", str(broken)]) == 1
    assert "line 2 (rule 1): packages: This is a scope" in capsys.readouterr().err
    broken.write_bytes(b"\xff")
    assert main(["policy", "check", str(broken)]) == 1
    assert "it is no UTF-8 text" in capsys.readouterr().err
    assert main(["policy", "check", str(tmp_path / "absent")]) == 1
    assert "it cannot be read" in capsys.readouterr().err


def test_the_file_of_the_settings_is_the_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NPMTRUST_POLICY_FILE", raising=False)
    assert main(["policy", "check"]) == 1
    assert "set NPMTRUST_POLICY_FILE" in capsys.readouterr().err
    monkeypatch.setenv("NPMTRUST_POLICY_FILE", str(EXAMPLE))
    assert main(["policy", "check"]) == 0


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema"]) == 0
    assert capsys.readouterr().out == (EXAMPLE.parents[1] / "bot" / "policy.schema.json").read_text()
