"""S3 is where the settings say, for every request and whatever the environment says."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from api.wsgi import app_from
from client.local.doctor_stores import look_at_stores
from contract.errors import StorageUnavailable
from contract.names.object_keys import CHECK_PREFIX
from contract.settings import Settings
from storage.objects.open import open_object_store
from storage.objects.s3_lean import LEAN_BYTES
from tests.conftest import new_bucket
from tests.services.process import accepts, free_port
from tests.services.s3server import MinioServer
from tests.services.tls import Certificates, make_certificates
from tests.services.toolchain import MINIO, ToolMissingError, find_tool
from tests.unit.api.fakes import jpeg

# What people have in their shells, each of which once led obstore elsewhere or made it fail.
FOREIGN = {
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_SESSION_TOKEN": "not-a-token-of-ours",
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "something",
    "AWS_PROFILE": "no-such-profile",
    "AWS_REGION": "eu-elsewhere-1",
    "AWS_DEFAULT_REGION": "eu-elsewhere-1",
    "AWS_CA_BUNDLE": "/nowhere/ca.pem",
    "AWS_SKIP_SIGNATURE": "true",
    "AWS_S3_EXPRESS": "true",
    "AWS_PROXY_URL": "http://127.0.0.1:1",
    "AWS_SERVER_SIDE_ENCRYPTION": "aws:kms",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
}


def every_use(store) -> None:
    """Small and large objects go by different clients; both must come, and be where boto3 looks."""
    for key, size in (("jobs/small", 10), ("jobs/large", LEAN_BYTES + 1)):
        store.put(key, bytes(size), media_type="image/png")
        assert store.get(key) == bytes(size)
        assert store.head(key).size == size
    assert [info.key for info in store.list("jobs/")] == ["jobs/large", "jobs/small"]
    store.check()
    store.delete(["jobs/small", "jobs/large"])
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    "name", ["AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_PROFILE", "all of them"]
)
def test_no_variable_of_another_program_leads_elsewhere(s3, monkeypatch, name):
    for each in FOREIGN if name == "all of them" else [name]:
        monkeypatch.setenv(each, FOREIGN[each])
    every_use(open_object_store(s3.settings(new_bucket())))


def test_the_environment_is_as_it_was_when_a_store_is_open(s3, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    open_object_store(s3.settings(new_bucket()))
    assert os.environ["AWS_PROFILE"] == "mine"


def test_without_a_key_in_the_settings_both_clients_use_the_one_that_boto3_finds(s3, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_key)
    every_use(open_object_store(Settings(s3_endpoint_url=s3.endpoint_url, s3_bucket=new_bucket())))


def test_no_key_anywhere_is_an_outage(s3):
    store = open_object_store(Settings(s3_endpoint_url=s3.endpoint_url, s3_bucket=new_bucket()))
    with pytest.raises(StorageUnavailable, match="no access key for S3 is set"):
        store.check()
    with pytest.raises(StorageUnavailable):
        store.put("a", b"1", media_type="text/plain")


@contextmanager
def listening(status: int = 200, body: bytes = b"") -> Iterator[tuple[int, list]]:
    """Serve one answer to everything; yield the port, and what was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, dict(self.headers)))
            of_bucket = self.command == "HEAD"
            self.send_response(200 if of_bucket else status)
            self.send_header("ETag", '"e"')
            self.send_header("Content-Length", "0" if of_bucket else str(len(body)))
            self.end_headers()
            if not of_bucket:
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings_at(url: str, **others: object) -> Settings:
    return Settings(
        s3_endpoint_url=url,
        s3_bucket="pictures",
        s3_access_key_id="id",
        s3_secret_access_key="secret",
        **others,
    )


def put_both_ways(store) -> None:
    store.put("jobs/a", b"1", media_type="text/plain")
    store.put("jobs/a", bytes(LEAN_BYTES + 1), media_type="text/plain")


def test_both_clients_send_the_session_token_of_the_settings():
    with listening() as (port, asked):
        url = f"http://127.0.0.1:{port}"
        put_both_ways(open_object_store(settings_at(url, s3_session_token="token-of-ours")))
    tokens = [{name.lower(): v for name, v in headers.items()} for _, _, headers in asked]
    assert [each["x-amz-security-token"] for each in tokens] == ["token-of-ours"] * 2


@pytest.mark.parametrize(
    ("path_style", "url"),
    [
        (True, "http://s3.example.org/pictures/jobs/a"),
        (False, "http://pictures.s3.example.org/jobs/a"),
    ],
)
def test_both_clients_put_the_bucket_where_the_settings_say(monkeypatch, path_style, url):
    with listening() as (port, asked):
        # a proxy is asked with whole addresses, and needs no name service
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        put_both_ways(
            open_object_store(settings_at("http://s3.example.org", s3_path_style=path_style))
        )
    assert [path for _, path, _ in asked] == [url, url]


def test_without_an_endpoint_both_clients_go_to_the_same_address_of_aws(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    store = open_object_store(
        Settings(
            s3_bucket="pictures",
            s3_region="cn-north-1",
            s3_access_key_id="id",
            s3_secret_access_key="secret",
            s3_path_style=False,
        )
    )
    assert store._client.meta.endpoint_url == "https://s3.cn-north-1.amazonaws.com.cn"
    said = store._rust.config["endpoint_url_s3"]
    assert said == "https://pictures.s3.cn-north-1.amazonaws.com.cn"


REFUSAL = b"""<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code>
<Key>jobs/secret-key</Key>
<Resource>/pictures/jobs/secret-key</Resource><HostId>10.1.2.3</HostId></Error>"""


def test_what_a_caller_is_told_of_an_outage_holds_no_key_no_address_and_no_xml():
    with listening(403, REFUSAL) as (port, _):
        refusing = open_object_store(settings_at(f"http://127.0.0.1:{port}"))
        said = list(complaints(refusing))
    assert set(said) == {"S3 refuses: SignatureDoesNotMatch"}
    said = list(complaints(open_object_store(settings_at(f"http://127.0.0.1:{free_port()}"))))
    assert set(said) == {"S3 does not answer"}


def complaints(store) -> Iterator[str]:
    key = "jobs/secret-key"
    for call in (
        lambda: store.put(key, b"1", media_type="text/plain"),
        lambda: store.put(key, bytes(LEAN_BYTES + 1), media_type="text/plain"),
        lambda: store.get(key),
        lambda: store.open(key),
        lambda: list(store.list(key)),
        lambda: store.delete([key]),
        store.check,
    ):
        with pytest.raises(StorageUnavailable) as outage:
            call()
        yield outage.value.message


def test_the_log_is_told_more_than_the_caller():
    with listening(403, REFUSAL) as (port, _):
        store = open_object_store(settings_at(f"http://127.0.0.1:{port}"))
        with pytest.raises(StorageUnavailable) as outage:
            store.put("jobs/a", b"1", media_type="text/plain")
    assert "when calling the PutObject operation" in str(outage.value)
    assert "\n" not in str(outage.value)


def test_a_bucket_that_may_be_looked_at_but_not_written_is_not_ready():
    with listening(403, REFUSAL) as (port, asked):
        store = open_object_store(settings_at(f"http://127.0.0.1:{port}"))
        with pytest.raises(StorageUnavailable, match="SignatureDoesNotMatch"):
            store.check()
    assert [command for command, _, _ in asked][:2] == ["HEAD", "PUT"]
    assert asked[1][1].startswith(f"/pictures/{CHECK_PREFIX}")


def test_readiness_and_a_refused_post_say_the_code_and_nothing_of_the_server(redis_url):
    with listening(403, REFUSAL) as (port, _):
        settings = settings_at(f"http://127.0.0.1:{port}", redis_url=redis_url)
        client = app_from(settings).test_client()
        ready = client.get("/readyz")
        posted = client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg")
    assert (ready.status_code, posted.status_code) == (503, 500)
    assert posted.json["code"] == "storage_refused"
    checks = ready.json["checks"]
    assert checks["storage"] == {"ok": False, "detail": "S3 refuses: SignatureDoesNotMatch"}
    assert (checks["redis"]["ok"], checks["broker"]["ok"]) == (True, True)
    assert posted.json["detail"].startswith("The object store refuses")
    assert "127.0.0.1" not in posted.json["detail"]


def doctors_view(settings: Settings) -> tuple[str, str]:
    (found,) = [each for each in look_at_stores(settings) if each.what == "store"]
    return found.level, found.message


def test_the_doctor_tries_the_store_and_leaves_nothing_behind(s3):
    settings = s3.settings(new_bucket())
    level, said = doctors_view(settings)
    assert (level, "no bucket" in said) == ("note", True)
    store = open_object_store(settings)
    store.check()
    level, said = doctors_view(settings)
    assert (level, "takes, gives back and forgets" in said) == ("ok", True)
    assert list(store.list("")) == []
    stranger = settings.model_copy(update={"s3_secret_access_key": settings.s3_access_key_id})
    assert doctors_view(stranger) == ("problem", "S3 refuses: SignatureDoesNotMatch")


@pytest.fixture(scope="module")
def minio_with(services_folder):
    """Return a function that starts a MinIO of one's own."""
    started = []

    def start(name: str, server: type[MinioServer]) -> MinioServer:
        try:
            binary = find_tool(MINIO)
        except ToolMissingError as exc:
            pytest.skip(str(exc))
        started.append(server(binary, services_folder / name))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


class ElsewhereMinio(MinioServer):
    """A MinIO that minds its region."""

    def environment(self):
        return {**super().environment(), "MINIO_SITE_REGION": "eu-central-1"}


def test_a_wrong_region_is_seen_by_the_readiness_check_and_named(minio_with):
    server = minio_with("minio-elsewhere", ElsewhereMinio)
    bucket = new_bucket()
    every_use(open_object_store(server.settings(bucket, s3_region="eu-central-1")))
    wrong = open_object_store(server.settings(bucket, s3_region="us-west-2"))
    with pytest.raises(StorageUnavailable) as outage:
        wrong.check()
    assert "AuthorizationHeaderMalformed" in outage.value.message


@pytest.fixture(scope="module")
def certificates(services_folder) -> Certificates:
    return make_certificates(services_folder / "certificates")


@pytest.fixture(scope="module")
def minio_with_tls(minio_with, certificates):
    class TlsMinio(MinioServer):
        def __init__(self, binary, folder):
            super().__init__(binary, folder)
            self.endpoint_url = f"https://127.0.0.1:{self.port}"

        def command(self):
            return [*super().command(), "--certs-dir", str(certificates.key.parent)]

        def is_ready(self):
            return accepts(self.port)

    return minio_with("minio-tls", TlsMinio)


def test_one_setting_makes_both_clients_trust_a_private_ca(minio_with_tls, certificates):
    settings = minio_with_tls.settings(new_bucket(), s3_ca_file=certificates.ca)
    every_use(open_object_store(settings))


def test_a_server_that_is_not_trusted_is_told_as_that(minio_with_tls):
    said = set(complaints(open_object_store(minio_with_tls.settings(new_bucket()))))
    assert said == {"the TLS certificate of S3 is not trusted"}
