"""Access control: addresses, names, hosts, origins, keys, and the targets of URLs."""

from __future__ import annotations

import hmac
import io
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.ids import ID_PATTERN
from contract.settings import Settings
from outbound.http import GuardedClient
from storage.ledger.webhooks import WebhookQueue
from storage.objects.protocol import check_key
from storage.objects.s3 import S3Store
from tests.integration.api.worker import succeed
from tests.unit.api.fakes import jpeg
from tests.waits import PATIENT_S
from worker.upkeep.webhooks import Webhooks, secret_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "93.184.216.34"
INPUT = re.compile(rf"jobs/\d{{4}}/\d\d/\d\d/{ID_PATTERN.strip('^$')}/input")
MARK = re.compile(INPUT.pattern.replace("/input", "/idempotency-[0-9a-f]{64}-[0-9a-f]{64}"))


class Inside(BaseHTTPRequestHandler):
    """A picture at /cat.jpg; /inside redirects to the metadata of a cloud."""

    def do_GET(self) -> None:
        if self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = jpeg()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class Internet:
    """What names resolve to, in turn, and where connections went. Only PUBLIC has a server."""

    def __init__(self, monkeypatch, port: int) -> None:
        self.names: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.connected: list[str] = []
        getaddrinfo, connect = socket.getaddrinfo, socket.create_connection

        def resolve(host, wanted, *args, **more):
            if host not in self.names:
                return getaddrinfo(host, wanted, *args, **more)
            self.asked.append(host)
            answers = self.names[host]
            address = answers.pop(0) if len(answers) > 1 else answers[0]
            return getaddrinfo(address, wanted, *args, **more)

        def call(address, *args, **more):
            self.connected.append(address[0])
            if address[0] != PUBLIC:
                raise ConnectionRefusedError("nobody may come here")
            return connect(("127.0.0.1", port), *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr("outbound.http.socket.create_connection", call)


@pytest.fixture
def internet(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Inside)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Internet(monkeypatch, server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(api, url):
    return api.client.post("/v1/jobs", json={"source": {"url": url}})


def test_a_url_becomes_a_job_and_its_name_is_resolved_once(make_api, internet):
    # Given a name that points inside as soon as it was checked
    internet.names["rebind.example"] = [PUBLIC, "127.0.0.1"]
    api = make_api(url_sources=True)
    assert fetch(api, "http://rebind.example/cat.jpg").status_code == 202
    assert (internet.asked, internet.connected) == (["rebind.example"], [PUBLIC])
    # When it is asked for again, it is inside
    answer = fetch(api, "http://rebind.example/cat.jpg")
    assert (answer.status_code, answer.json["code"]) == (403, "url_forbidden")
    assert internet.connected == [PUBLIC]


def test_a_redirect_inside_is_not_followed(make_api, internet):
    internet.names["good.example"] = [PUBLIC]
    answer = fetch(make_api(url_sources=True), "http://good.example/inside")
    assert (answer.status_code, answer.json["code"]) == (403, "url_forbidden")
    assert internet.connected == [PUBLIC]


PRIVATE = [
    "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:10.0.0.1]/",
    "http://169.254.169.254/latest", "http://2130706433/", "http://0x7f000001/", "http://0/",
    "http://[64:ff9b::a9fe:a9fe]/", "http://10.0.0.1:6379/", "http://user@10.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_nothing_private_is_fetched(make_api, internet, url):
    api = make_api(url_sources=True)
    answer = fetch(api, url)
    assert answer.json["code"] in ("url_forbidden", "url_unreachable", "invalid_request")
    assert (internet.connected, api.kept()) == ([], [])


@pytest.mark.parametrize("url", PRIVATE)
def test_no_webhook_calls_a_private_address(make_api, internet, redis, url):
    # Given a job that ended and whose end is to be told inside
    api = make_api(webhook_secret=SECRET)
    query = {"webhook_url": url, "outputs": "depth"}
    made = api.client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg", query_string=query)
    if made.status_code == 400:
        return  # not even taken
    job_id = made.json["id"]
    WebhookQueue(redis).schedule(job_id, time.time())
    succeed(api.parts, job_id)
    # Then the real door stays shut
    queue, key = WebhookQueue(redis), secret_key(SECRET)
    told = Webhooks(api.parts.jobs, queue, GuardedClient(), key, api.parts.objects)
    for line in told.run():
        line.join(PATIENT_S)
    assert internet.connected == []


@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    filename=st.text(max_size=300), key=st.text(st.characters(min_codepoint=33, max_codepoint=126),
    min_size=1, max_size=100), options=st.dictionaries(st.text(max_size=20), st.text(max_size=50),
    max_size=2),
)  # fmt: skip
def test_no_text_of_a_client_enters_an_object_key(api, filename, key, options):
    before = set(api.kept())
    image = (io.BytesIO(jpeg()), filename or "x")
    answer = api.client.post(
        "/v1/jobs", data={**options, "image": image}, headers={"Idempotency-Key": key}
    )
    assert answer.status_code in (202, 400, 409, 413)
    new = set(api.kept()) - before
    assert len(new) in (0, 2)
    assert sorted(bool(MARK.fullmatch(each)) for each in new) in ([], [False, True])
    assert all(INPUT.fullmatch(each) or MARK.fullmatch(each) for each in new)


@given(st.text(max_size=80) | st.text("./\\ab\0", max_size=20))
def test_a_key_that_is_let_through_stays_below_its_root(tmp_path_factory, text):
    root = tmp_path_factory.getbasetemp() / "root"
    try:
        key = check_key(text)
    except ValueError:
        return
    assert (root / key).resolve().is_relative_to(root.resolve())


def get_everything(api, **headers):
    """Yield every answer to a GET of a route without blanks, and of some with."""
    kind = {"Content-Type": "image/jpeg"}
    made = api.client.post("/v1/jobs", data=jpeg(), headers={**kind, **headers})
    yield made
    paths = [r.rule for r in api.app.url_map.iter_rules() if not r.arguments and "GET" in r.methods]
    url = urlsplit(made.headers["Location"]).path
    for path in (*paths, url, f"{url}/outputs/depth", "/nothing", "/web/app.js", "//v1//jobs"):
        with api.client.get(path, headers=headers) as answer:
            yield answer


def test_a_false_host_appears_nowhere(make_api):
    api = make_api(allowed_hosts="*")
    for answer in get_everything(api, Host="evil.example", **{"X-Forwarded-Host": "evil.example"}):
        assert "evil.example" not in str(answer.headers)
        assert "evil.example" not in answer.text


def test_no_other_origin_is_let_in_and_no_cookie_is_set(make_api):
    api = make_api(allowed_hosts="*")
    answers = list(get_everything(api, Origin="https://evil.example"))
    ask = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers += [api.client.options(r.rule, headers=ask) for r in api.app.url_map.iter_rules()]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/ops", "/docs"])
def test_a_page_has_no_script_or_style_of_its_own_and_may_use_none(api, path):
    with api.client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert (rules["script-src"], rules["style-src"]) == ("'self'", "'self'")
        assert "unsafe" not in policy
        assert "*" not in policy
        assert (rules["object-src"], rules["base-uri"]) == ("'none'", "'none'")
        page = answer.text
    for script in re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL):
        assert script.strip() == ""
    assert not re.search(r"<style|<[^>]+\s(?:on\w+|style)\s*=", page)
    assert "javascript:" not in page
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page)


def test_every_key_is_compared_in_constant_time_whichever_fits(make_api, monkeypatch):
    api, compared = make_api(api_keys="anna,bert,carl"), []
    compare = hmac.compare_digest

    def note(given, known):
        compared.append((len(given), len(known)))
        return compare(given, known)

    monkeypatch.setattr("api.callers.auth.hmac.compare_digest", note)
    for key, status in (("anna", 200), ("carl", 200), ("x", 401), ("anna" * 99, 401)):
        compared.clear()
        answer = api.client.get("/v1/models", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
        assert compared == [(64, 64)] * 3  # digests of one length


def test_a_presigned_url_is_a_short_lived_download():
    store = S3Store.from_settings(
        Settings(
            s3_bucket="depthq", s3_endpoint_url="http://s3.example:9000", s3_access_key_id="k",
            s3_secret_access_key="s3cret-distinct",
        )
    )  # fmt: skip
    url = store.presign("jobs/x/depth.png", expires_s=60, filename='a".png')
    asked = parse_qs(urlsplit(url or "").query)
    assert asked["X-Amz-Expires"] == ["60"]
    assert asked["response-content-disposition"][0].startswith("attachment;")
    assert "s3cret-distinct" not in (url or "")
    assert Settings().presign_expires_s <= 3600
