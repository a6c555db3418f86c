"""The report: marks are respected, and nothing is claimed that was not measured."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from statistics import median

import pytest

from benchmarks.report.budgets import budgets
from benchmarks.report.plots import bar_chart
from benchmarks.report.readme import SECTIONS, regenerate, replace_section

README = Path(__file__).parents[3] / "benchmarks" / "README.md"
FRONT = README.parents[1] / "README.md"


def test_every_section_has_its_marks_in_the_readme() -> None:
    text = README.read_text()
    for name in SECTIONS:
        assert f"<!-- {name} -->\n" in text
        assert f"<!-- /{name} -->" in text


def test_replacing_a_section_leaves_the_rest_alone() -> None:
    text = "before\n<!-- x -->\nold\n<!-- /x -->\nafter\n"
    assert replace_section(text, "x", "new") == "before\n<!-- x -->\nnew\n<!-- /x -->\nafter\n"


def test_replacing_twice_is_replacing_once() -> None:
    once = replace_section("<!-- x -->\n<!-- /x -->\n", "x", "new")
    assert replace_section(once, "x", "new") == once


def test_a_missing_section_is_an_error() -> None:
    with pytest.raises(ValueError, match="no section y"):
        replace_section("text", "y", "new")


def test_without_results_every_budget_says_that_it_was_not_measured() -> None:
    rows = budgets({})
    assert len(rows) >= 9
    assert {(row.measured, row.met) for row in rows} == {("not measured", None)}


def test_a_failed_suite_counts_as_not_measured() -> None:
    assert all(row.met is None for row in budgets({"service": {"failed": "no Redis"}}))


@pytest.mark.parametrize(("rate", "met"), [(61.0, True), (59.0, False)])
def test_the_service_is_held_to_the_fastest_bare_engine(rate: float, met: bool) -> None:
    rates = {"bare engine": 90.0, "bare engine, one stream": 100.0, "service, S3": rate}
    suites = {
        "service": {
            "rows": {name: {"images_per_s": r, "rounds": [r] * 3} for name, r in rates.items()}
        }
    }
    assert [row.met for row in budgets(suites) if "bare engine loop" in row.what] == [met]


@pytest.mark.parametrize(("rate", "met"), [(81.0, [True, True]), (66.0, [False, True])])
def test_datasets_are_held_to_the_bare_engine_too(rate: float, met: list[bool]) -> None:
    rates = {"bare engine": 100.0, "dataset, webdataset": rate, "dataset, files": rate}
    suites = {
        "datasets": {
            "rows": {name: {"images_per_s": r, "rounds": [r] * 3} for name, r in rates.items()}
        }
    }
    assert [row.met for row in budgets(suites) if row.what.startswith("dataset from")] == met


@pytest.mark.parametrize(("rate", "met"), [(41.0, True), (39.0, False)])
def test_depth_at_once_is_held_to_the_best_peer_that_keeps_nothing(rate: float, met: bool) -> None:
    rates = {
        "service, at once": rate,
        "LitServe, batching, same engine, keeps nothing": 40.0,
        "Celery prefork, no batcher, same engine, keeps nothing": 20.0,
        "LitServe, batching, same engine": 90.0,
    }
    rows = {name: {"images_per_s": r, "rounds": [r] * 3, "ratio": 1.0} for name, r in rates.items()}
    (row,) = [
        one for one in budgets({"peers": {"vga": {"rows": rows}}}) if "keep nothing" in one.what
    ]
    assert (row.met, "LitServe" in row.measured, "2 of 3" in row.measured) == (met, True, True)


def test_rates_are_compared_round_by_round() -> None:
    """In the second round the machine was half as fast: that is no slower service."""
    rounds = {"bare engine": [20.0, 10.0, 20.0], "service, S3": [14.0, 7.0, 7.0]}
    rows = {
        name: {"images_per_s": median(rates), "rounds": rates} for name, rates in rounds.items()
    }
    (row,) = [one for one in budgets({"service": {"rows": rows}}) if "bare engine loop" in one.what]
    assert (row.measured, row.met) == ("0.70 (7 of 20 images/s)", True)


def test_the_readme_is_written_even_from_no_results(tmp_path: Path) -> None:
    folder = tmp_path / "benchmarks"
    (folder / "results").mkdir(parents=True)
    shutil.copy(README, folder / "README.md")
    regenerate({}, folder)
    assert "not measured" in (folder / "README.md").read_text().lower()
    assert [path.name for path in tmp_path.iterdir()] == ["benchmarks"]


def test_the_table_of_budgets_is_in_one_document_only() -> None:
    assert "| budget |" in README.read_text()
    assert "| budget |" not in FRONT.read_text()
    assert "<!--" not in FRONT.read_text()


def test_the_front_page_claims_what_the_latest_run_measured() -> None:
    suites = json.loads((README.parent / "results" / "latest.json").read_text())["suites"]
    claimed = [
        float(number)
        for number in re.search(
            r"about (\d+) photographs.*?in (\d+) ms.*?about (\d+) MB", FRONT.read_text(), re.DOTALL
        ).groups()
    ]
    measured = [
        suites["service"]["rows"]["service, S3"]["images_per_s"],
        suites["idle"]["s3"]["submit_and_poll"]["p50_ms"],
        suites["idle"]["s3"]["memory"]["worker"]["rss"] / 1e6,
    ]
    assert claimed == pytest.approx(measured, rel=0.15)


def test_a_chart_holds_every_label_and_escapes_it() -> None:
    svg = bar_chart("Title", [("a < b", [("x", 1.0), ("y", 2.0)])])
    assert "a &lt; b" in svg
    assert svg.count("<rect") == 1 + 2 + 2  # ground, parts, legend
