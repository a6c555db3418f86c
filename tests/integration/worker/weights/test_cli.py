"""`python -m worker.weights` for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.models.registry import known_weights
from tests.services.file_server import serving
from worker.weights.cli import main


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEPTHQ_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_list_names_every_known_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert all(weights.name in text for _, weights in known_weights())


def test_list_as_json_carries_hash_licence_and_presence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["weights"]}
    assert rows["bundled"]["here"]
    assert not rows["midas_small"]["here"]
    assert rows["midas_small"]["licence"] == "MIT"
    assert len(rows["midas_small"]["sha256"]) == 64


def test_show_names_what_a_worker_would_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weights_id"] == "bundled-2"


def test_convert_keeps_the_network_in_the_cache(
    capsys: pytest.CaptureFixture[str], checkpoint: Path, cache: Path
) -> None:
    assert main(["convert", str(checkpoint), "--json"]) == 0
    network = Path(json.loads(capsys.readouterr().out)["network"])
    assert network.is_file()
    assert network.parent == cache / "weights"


def test_a_refused_file_is_one_sentence_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving() as server:
        server.files["midas_v21_small_256.pt"] = b"not it"
        assert main(["fetch", "midas_small", "--yes", "--base-url", server.url]) == 1
    assert "only 6 of 85,761,505 bytes" in capsys.readouterr().err


def test_an_unknown_name_is_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], checkpoint: Path
) -> None:
    assert main(["fetch", "nonsense"]) == 2
    assert "No weights are called nonsense; known are bundled, " in capsys.readouterr().err
    assert main(["convert", str(checkpoint), "--model", "nonsense"]) == 2
    assert "No model is called nonsense; known are " in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["convert", "none.pt"], ["convert", "none.pt", "--out", "x"], ["fetch", "--from", "none.pt"]],
)
def test_a_file_that_is_not_there_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "there is no file none.pt" in capsys.readouterr().err


def test_a_licence_is_shown_before_the_first_download(
    capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    with serving() as server:
        assert main(["fetch", "dpt_swin2_tiny", "--base-url", server.url]) == 1
        assert server.ranges == []
    said = capsys.readouterr().err
    assert "licence MIT" in said
    assert f"{server.url}/dpt_swin2_tiny_256.pt" in said
    assert "--yes" in said
    assert not list(cache.rglob("*.pt"))


def test_a_file_brought_along_is_taken_only_with_the_recorded_hash(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "other.pt").write_bytes(b"x" * 85_761_505)
    assert main(["fetch", "midas_small", "--from", str(tmp_path / "other.pt")]) == 1
    assert "SHA-256 is" in capsys.readouterr().err
    assert (tmp_path / "other.pt").exists()


def test_a_mirror_of_the_settings_is_where_weights_are_fetched_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("DEPTHQ_WEIGHTS_MIRROR", server.url)
        server.files["midas_v21_small_256.pt"] = b"not it"
        assert main(["fetch", "midas_small", "--yes"]) == 1
    assert "only 6 of 85,761,505 bytes" in capsys.readouterr().err
