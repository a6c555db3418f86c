"""Many pictures at once: asked once, one dataset, its failures by name, its results in a ZIP."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.e2e.page.files import write_many
from tests.e2e.page.steps import downloaded
from tests.waits import PATIENT_MS


@pytest.fixture
def many(tmp_path):
    return write_many(tmp_path)


def test_more_than_thirty_pictures_become_a_dataset_that_names_its_failures(go, many):
    page = go().page
    page.set_input_files("#pick", many)
    expect(page.locator("#many-words")).to_contain_text("These are 32 pictures.")
    page.get_by_role("button", name="As one dataset").click()
    expect(page.locator("#many")).to_be_hidden()
    dataset = page.locator(".dataset")
    expect(dataset.locator(".tally")).to_have_text(
        "Done · 32 of 32, 1 failed", timeout=2 * PATIENT_MS
    )
    expect(dataset.get_by_role("status")).to_have_text("32 pictures: Done · 32 of 32, 1 failed")
    dataset.get_by_text("1 failed: The file is damaged").click()
    expect(dataset.locator(".names li")).to_have_text("damaged.jpg")
    expect(dataset.get_by_role("button", name="Retry failed: 32 pictures")).to_be_visible()
    _, data = downloaded(page, "Download as ZIP: 32 pictures")
    with zipfile.ZipFile(io.BytesIO(data)) as kept:
        assert kept.testzip() is None
        assert len(kept.namelist()) == 62
        assert {"00.depth.png", "00.heatmap.jpg"} < set(kept.namelist())
    page.reload()
    expect(page.locator(".dataset .tally")).to_have_text(re.compile("Done"))
    page.get_by_role("button", name="Remove: 32 pictures").click()
    expect(page.locator(".dataset")).to_have_count(0)


def test_what_a_bucket_would_take_is_asked_before_anything_starts(go):
    page = go().page
    page.get_by_text("Pictures in cloud storage (S3)").click()
    page.get_by_label("Address").fill("s3://nobodys/photos/")
    page.get_by_role("button", name="What would it take?").click()
    expect(page.locator("#bucket [role=status]")).to_contain_text("may not use the bucket")
    expect(page.get_by_role("button", name="Start it")).to_be_hidden()
    answer = {
        "id": "0" * 26, "done": True, "link": "",
        "forecast": {
            "items": 1200, "complete": True, "sampled": 20, "sample_failed": 1,
            "hours": {"1": 0.5, "4": 0.125}, "error": None,
        },
    }  # fmt: skip
    page.route(re.compile("dry_run=1"), lambda route: route.fulfill(status=202, json=answer))
    page.get_by_role("button", name="What would it take?").click()
    expect(page.locator("#bucket [role=status]")).to_have_text(
        "1200 pictures. Of 20 tried, 1 failed. With one worker: 30 min. With 4 workers: 8 min."
    )
    expect(page.get_by_role("button", name="Start it")).to_be_visible()
