"""Every sentence of the page is there in both languages, and is used."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from contract.errors import ERROR_CODES
from tests.unit.web.node import HERE, NODE, WEB
from tests.unit.web.places import OF_DATA

pytestmark = pytest.mark.skipif(NODE is None, reason="no node")
SOURCES = [p for p in sorted(WEB.rglob("*.*")) if p.suffix in {".js", ".html"}]
CODE = "\n".join(p.read_text() for p in SOURCES if p.parent.name not in {"words", "vendor"})
CODE += (WEB / "words" / "phrases.js").read_text()


@pytest.fixture(scope="module")
def words() -> dict[str, dict[str, list[str]]]:
    printed = subprocess.check_output([str(NODE), HERE / "words.mjs"], text=True)
    return dict(json.loads(printed))


def test_both_languages_say_the_same_things_with_the_same_blanks(words):
    assert words["en"] == words["zh"]


def test_no_sentence_is_missing(words):
    said = set(re.findall(r'say\("([\w.]+)"', CODE))
    said |= set(re.findall(r'data-say(?:-\w+)?="([\w.]+)"', CODE))
    assert said - words["en"].keys() == set()


def test_no_sentence_is_left_over(words):
    quoted = set(re.findall(r'"([a-z0-9]+(?:\.\w+)*)"', CODE))
    rest = {k for k in words["en"] if k not in quoted and k.split(".")[0] not in OF_DATA}
    assert rest == set()


@pytest.mark.parametrize("group", sorted(OF_DATA))
def test_what_is_said_of_data_is_said_of_all_of_it(words, group):
    keys = {key for key in words["en"] if key.split(".")[0] == group}
    assert keys == {f"{group}.{name}" for name in OF_DATA[group]}


def test_every_error_code_is_explained(words):
    assert [code for code in ERROR_CODES if f"error.{code}" not in words["en"]] == []


def test_pages_hold_no_sentence_of_their_own():
    for page in WEB.glob("*.html"):
        body = re.sub(
            r"<head>.*?</head>|<noscript>.*?</noscript>", "", page.read_text(), flags=re.S
        )
        texts = {text.strip() for text in re.findall(r">([^<>]+)<", body)} - {""}
        assert {text for text in texts if re.search(r"[a-z]{3} [a-z]", text)} == set()
