"""The command line as scripts and people meet it: exit codes, JSON, one-line errors, help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from functools import partial
from pathlib import Path

import pytest

from client import console
from client.batch import Outcome
from client.bulk.names import flat_names
from client.local.ports import any_free
from client.wire.retries import RetryPolicy
from contract.errors import Unauthorized
from contract.settings import environment
from tests.services.fake_api import DEPTH, FakeApi, Reply
from tests.waits import PATIENT_S, wait_until

COMMANDS = ["up", "worker", "api", "submit", "status", "cancel", "weights", "reconcile", "doctor"]


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "deep/a.jpg", "notes.txt"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_submit_out_writes_every_result_under_its_own_name(
    depthq, api: FakeApi, pictures, tmp_path
):
    run = depthq("submit", pictures, "--out", tmp_path / "out", url=api.url)
    assert (run.returncode, run.stderr) == (0, "1 file left out (1 .txt)\n")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    own = list(flat_names([pictures / name for name in ("a.jpg", "deep/a.jpg")]).values())
    kinds = ("depth.png", "heatmap.jpg")
    assert names == {f"{stem}.{kind}" for stem in ("b", *own) for kind in kinds}
    assert (tmp_path / "out" / "b.depth.png").read_bytes() == DEPTH
    assert len(run.stdout.splitlines()) == 3


def test_a_result_that_is_smaller_than_its_picture_is_said_so(depthq, api: FakeApi, pictures):
    api.ending = {"state": "succeeded", "input": {"downsampled_to": [4096, 3072]}}
    run = depthq("submit", pictures / "a.jpg", "--wait", url=api.url)
    assert run.returncode == 0
    assert "a.jpg: larger than the service's limit; its results have 4096 x 3072 pixels" in (
        " ".join(run.stderr.split())
    )
    api.ending |= {"options": {"size": "model"}}  # asked for something small
    assert depthq("submit", pictures / "a.jpg", "--wait", url=api.url).stderr == ""


def test_a_result_of_a_damaged_picture_is_said_so(depthq, api: FakeApi, pictures):
    api.ending = {"state": "succeeded", "input": {"warnings": ["truncated", "of_tomorrow"]}}
    run = depthq("submit", pictures / "a.jpg", "--wait", url=api.url)
    assert run.returncode == 0
    said = " ".join(run.stderr.split())
    assert "a.jpg: the file is cut off; its missing part has no depth of its own" in said
    assert "a.jpg: of_tomorrow" in said


@pytest.mark.parametrize(
    "given",
    [["--outputs", "gray,mesh"], ["--output", "gray,mesh"], ["--output", "gray", "--outputs=mesh"]],
)
def test_outputs_are_named_by_comma_or_one_by_one(depthq, api: FakeApi, pictures, given):
    depthq("submit", pictures / "a.jpg", *given, url=api.url)
    (body,) = [asked.body for asked in api.asked if asked.method == "POST"]
    assert body.count(b'name="outputs"') == 2
    assert b'name="outputs"\r\n\r\ngray' in body
    assert b'name="outputs"\r\n\r\nmesh' in body


@pytest.mark.parametrize(
    ("given", "guess"),
    [
        (["--outputs", "depth,heatmpa"], "--outputs: did you mean heatmap? It is one of depth,"),
        (["--colormap", "infrno"], "--colormap: did you mean inferno?"),
        (["--size", "orignal"], "--size: did you mean original? It is one of original, model"),
    ],
)
def test_a_wrong_value_gets_the_nearest_right_one(depthq, pictures, given, guess):
    run = depthq("submit", pictures / "a.jpg", *given)
    assert run.returncode == 2
    assert guess in " ".join(run.stderr.split())


@pytest.mark.parametrize("command", ["now", "live", "video", "submit"])
def test_a_file_that_is_not_there_is_wrong_usage_for_every_command(depthq, tmp_path, command):
    missing = [tmp_path / "none.jpg", "--out", tmp_path / "out"]
    run = depthq(command, *missing)
    assert run.returncode == 2
    assert "none.jpg" in run.stderr


def test_a_file_in_place_of_the_folder_for_results_is_named(depthq, pictures):
    run = depthq("submit", pictures / "a.jpg", "--out", pictures / "a.jpg")
    assert run.returncode == 1
    assert "a.jpg is a file; name a folder" in " ".join(run.stderr.split())


@pytest.mark.parametrize("command", [["submit"], ["dataset", "run"], ["dataset", "submit"]])
def test_the_help_says_that_results_of_large_pictures_are_smaller(depthq, command):
    said = " ".join(depthq(*command, "--help").stdout.replace("│", " ").split())
    assert "at most 4096 px a side" in said
    assert "--invert" in said
    assert "`gray` (one channel of 8 bits, but in WebP), or an OpenCV colormap" in said


@pytest.mark.parametrize(
    ("arguments", "sent"), [([], False), (["--invert", "--colormap", "gray"], True)]
)
def test_inverted_gray_is_asked_for_by_two_options(depthq, api: FakeApi, pictures, arguments, sent):
    depthq("submit", pictures / "a.jpg", *arguments, url=api.url)
    (body,) = [asked.body for asked in api.asked if asked.method == "POST"]
    assert (b'name="invert"\r\n\r\nTrue' in body) == sent
    assert (b'name="colormap"\r\n\r\ngray' in body) == sent


def test_a_model_that_the_service_does_not_know_is_one_refusal_before_anything_is_sent(
    depthq, api: FakeApi, pictures
):
    run = depthq("submit", pictures, "--model", "midas_smal", url=api.url)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "depthq: No model is called midas_smal; did you mean midas_small? known are midas_small.\n"
    )
    assert api.jobs == []
    api.models.append("mine")
    for name in ("mine", "mine_alias"):
        assert depthq("submit", pictures / "a.jpg", "--model", name, url=api.url).returncode == 0


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorized"), (422, "model_not_served")])
def test_what_every_file_meets_is_said_once(depthq, api: FakeApi, pictures, status, code):
    api.script.extend([Reply.problem(status, code, "Not for you.")] * 3)
    run = depthq("submit", pictures, "--in-flight", "1", url=api.url)
    assert (run.returncode, api.jobs) == (1, [])
    assert run.stderr.splitlines()[:2] == [
        f"{pictures}/a.jpg: Not for you.", "2 files were not submitted",
    ]  # fmt: skip


def test_what_files_under_way_meet_together_is_said_once_too(depthq, api: FakeApi, monkeypatch):
    refused = [
        Outcome(Path(f"{n}.jpg"), error=Unauthorized("The key is not valid.")) for n in range(3)
    ]
    monkeypatch.setattr("client.commands.submit.run_batch", lambda *_: iter(refused))
    run = depthq("submit", __file__, url=api.url)
    assert run.stderr.splitlines() == ["0.jpg: The key is not valid.", "3 of 1 failed"]
    run = depthq("submit", __file__, "--json", url=api.url)
    assert [json.loads(line)["file"] for line in run.stdout.splitlines()] == [
        "0.jpg", "1.jpg", "2.jpg",
    ]  # fmt: skip


@contextmanager
def unread():
    """Standard output is a pipe whose reader has gone, as of `| head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    pipe = os.fdopen(writer, "w")
    with suppress(BrokenPipeError), pipe, redirect_stdout(pipe):
        yield
    del console.out._buffer[:]  # what a program of its own would have taken with it


@pytest.mark.parametrize("json", [(), ("--json",)])
@pytest.mark.parametrize("command", ["models list", "status ID", "dataset errors ID"])
def test_a_list_whose_reader_has_gone_is_no_failure(depthq, api: FakeApi, command, json):
    errors = [{"uri": "a.jpg", "error": {"code": "internal", "message": "why"}}] * 3
    if command.startswith("dataset"):
        api.script.append(Reply.of(200, {"errors": errors, "next_cursor": None}))
    elif command.startswith("status"):
        api.script.append(Reply.of(200, {"id": "x", "state": "running", "outputs": {}}))
    with unread():
        run = depthq(*command.split(), *json, url=api.url)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_work_whose_reader_has_gone_is_not_done(depthq, api: FakeApi, pictures):
    with unread():
        run = depthq("submit", pictures, "--in-flight", "1", url=api.url)
    assert (run.returncode, run.stdout) == (1, "")


def test_submit_json_gives_one_document_per_file(depthq, api: FakeApi, pictures):
    run = depthq("submit", pictures / "a.jpg", pictures / "b.png", "--json", "--wait", url=api.url)
    documents = [json.loads(line) for line in run.stdout.splitlines()]
    assert {document["job"]["id"] for document in documents} == set(api.jobs)
    assert all(document["ok"] for document in documents)


def test_one_failure_is_one_line_and_exit_code_1(depthq, api: FakeApi, pictures):
    api.script.append(Reply.problem(415, "unsupported_media_type", "Not an image."))
    run = depthq("submit", pictures, "--in-flight", "1", url=api.url)
    assert run.returncode == 1
    assert len(run.stdout.splitlines()) == 2
    assert run.stderr.splitlines() == [
        f"{pictures}/a.jpg: Not an image.", "1 of 3 failed", "1 file left out (1 .txt)",
    ]  # fmt: skip


def test_failures_are_in_the_json_too(depthq, api: FakeApi, pictures):
    api.ending = {"state": "failed", "error": {"code": "image_undecodable", "message": "no pixels"}}
    run = depthq("submit", pictures / "a.jpg", "--wait", "--json", url=api.url)
    document = json.loads(run.stdout)
    assert run.returncode == 1
    assert (document["ok"], document["error"]["code"]) == (False, "image_undecodable")


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit"],
        ["submit", "/nowhere/*.jpg"],
        ["submit", __file__, "--size", "huge"],
        ["submit", __file__, "--unknown"],
        ["submit", __file__, "--url", "nonsense"],
        ["fly"],
    ],
)
def test_wrong_usage_is_exit_code_2(depthq, arguments):
    run = depthq(*arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_a_wrong_setting_is_named(depthq, tmp_path):
    run = depthq("doctor", port="many")
    assert run.returncode == 2
    assert "DEPTHQ_PORT" in run.stderr
    assert "Traceback" not in run.stderr


HOSTILE, SHOWN = "a\x1b]0;x\x07\r\n\x9b2J\u202egpj", r"a\x1b]0;x\x07\r\n\x9b2J\u202egpj"


@pytest.mark.parametrize("as_json", [False, True])
def test_names_in_a_dataset_s_errors_cannot_reach_the_terminal_s_controls(
    depthq, api: FakeApi, as_json
):
    failed = {"uri": f"s3://b/{HOSTILE}", "error": {"code": "image_corrupt", "message": HOSTILE}}
    api.script.append(Reply.of(200, {"errors": [failed], "next_cursor": None}))
    run = depthq("dataset", "errors", "x", *(["--json"] if as_json else []), url=api.url)
    line = run.stdout.removesuffix("\n")
    assert (run.returncode, line.isprintable()) == (0, True)
    if as_json:
        assert json.loads(line) == failed
    else:
        assert line == f"s3://b/{SHOWN}  image_corrupt: {SHOWN}"


def test_what_the_service_says_of_a_job_cannot_reach_them_either(depthq, api: FakeApi, pictures):
    api.ending = {"state": "failed", "error": {"code": "poisoned", "message": HOSTILE}}
    run = depthq("submit", pictures / "a.jpg", "--wait", url=api.url)
    assert run.stderr.splitlines()[0] == f"{pictures}/a.jpg: {SHOWN}"
    run = depthq("status", api.jobs[0], url=api.url)
    assert run.stdout == f"{api.jobs[0]}  failed: {SHOWN}\n"
    api.script.append(Reply.problem(400, "invalid_request", HOSTILE))
    assert depthq("status", "x", url=api.url).stderr == f"depthq: {SHOWN}\n"


@pytest.mark.parametrize("name", ["s3_endpoint_url", "s3_public_endpoint_url"])
@pytest.mark.parametrize("command", ["up", "doctor"])
def test_an_s3_endpoint_without_its_scheme_is_told_at_the_start(depthq, command, name):
    run = depthq(command, s3_bucket="photos", **{name: "minio.example.org:9000"})
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
    assert f"DEPTHQ_{name.upper()}: " in run.stderr
    assert "must begin with http:// or https://" in run.stderr


@pytest.mark.parametrize(
    ("host", "url"),
    [("::1", "http://[::1]:9"), ("::", "http://[::1]:9"), ("0.0.0.0", "http://127.0.0.1:9")],
)
def test_the_service_of_this_machine_is_found_by_its_host(depthq, host, url):
    run = depthq("status", "x", host=host, port=9)
    assert run.returncode == 3
    assert f"answers at {url} " in run.stderr


def test_an_unreachable_service_is_exit_code_3(depthq):
    run = depthq("submit", __file__, url=f"http://127.0.0.1:{any_free()}")
    assert run.returncode == 3
    assert len(run.stderr.splitlines()) == 1
    assert "no depthq service answers" in run.stderr
    assert "depthq up` starts one here, --url or DEPTHQ_URL names another" in run.stderr


def test_debug_shows_where_an_error_comes_from(depthq):
    run = depthq("status", "x", url=f"http://127.0.0.1:{any_free()}", debug="true")
    assert "Traceback" in run.stderr


def test_status_tells_the_state_and_fails_for_failed_jobs(depthq, api: FakeApi, pictures):
    submitted = depthq("submit", pictures / "a.jpg", "--json", url=api.url)
    job_id = json.loads(submitted.stdout)["job"]["id"]
    api.ending = {"state": "failed", "error": {"code": "poisoned", "message": "set aside"}}
    run = depthq("status", job_id, url=api.url)
    assert (run.returncode, run.stdout) == (1, f"{job_id}  failed: set aside\n")
    run = depthq("cancel", job_id, "--json", url=api.url)
    assert json.loads(run.stdout)["state"] == "failed"


def test_an_unknown_job_is_exit_code_1(depthq, api: FakeApi):
    run = depthq("status", "20260101-aaaaaaaaaaaaaaaaaaaaaaaaaa", url=api.url)
    assert run.returncode == 1
    assert run.stderr.startswith("depthq: There is no such job. If it is a dataset's: ")


def test_help_names_every_command_and_every_command_has_an_example_or_a_reason(depthq):
    text = depthq("--help").stdout
    assert [name for name in COMMANDS if f"\n  {name}" not in text] == []
    for name in ("up", "submit", "status", "demo", "doctor"):
        assert f"depthq {name}" in depthq(name, "--help").stdout


def test_doctor_speaks_json(depthq):
    run = depthq("doctor", "--json")
    document = json.loads(run.stdout)
    assert run.returncode == (0 if document["healthy"] else 1)
    assert {"python", "redis", "store", "weights", "port"} <= {
        f["what"] for f in document["findings"]
    }


def test_doctor_says_what_to_do_about_a_problem(depthq, tmp_path):
    run = depthq("doctor", redis_url=f"redis://127.0.0.1:{any_free()}/0", data_dir=tmp_path)
    assert run.returncode == 1
    assert "correct DEPTHQ_REDIS_URL" in run.stdout


def test_the_installed_program_is_this_one():
    program = Path(sys.executable).with_name("depthq")
    url = f"http://127.0.0.1:{any_free()}"
    run = subprocess.run(
        [program, "status", "x"],
        env=environment(url=url),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT_S,
    )
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("depthq: no depthq service answers")


def test_ctrl_c_ends_a_waiting_submission_at_once(api: FakeApi):
    api.polls_to_end = 1_000_000
    program = Path(sys.executable).with_name("depthq")
    with subprocess.Popen(
        [program, "submit", __file__, "--wait"],
        env=environment(url=api.url),
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        wait_until(lambda: api.jobs, "the job has come")
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=PATIENT_S)
    assert (run.returncode, said) == (
        130, "stopped at 0 of 1; what was sent goes on in the service\n",
    )  # fmt: skip


def test_a_service_that_is_full_is_waited_for_aloud(depthq, api: FakeApi, pictures, monkeypatch):
    monkeypatch.setattr("client.commands.service.RetryPolicy", partial(RetryPolicy, sleep=bool))
    full = Reply(
        503, b'{"code": "storage_unavailable", "detail": "No Redis."}', {"Retry-After": "2"}
    )
    api.script.extend([full, full])
    run = depthq("submit", pictures / "a.jpg", url=api.url)
    assert (run.returncode, run.stderr) == (0, "trying again: No Redis. (Ctrl-C ends)\n")


def test_results_appear_above_a_bar_that_is_on_the_same_terminal(monkeypatch, capsys):
    console.tell("a result")
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    console.tell("above the bar")
    assert capsys.readouterr() == ("a result\n", "above the bar\n")
