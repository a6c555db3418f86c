"""A Kubernetes API server without nodes: it checks what it is given as any cluster would."""

from __future__ import annotations

import json
import secrets
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.containers.engine import output_of
from tests.services.process import ServiceProcess, accepts, free_port

Document = dict[str, Any]


class Etcd(ServiceProcess):
    """The API server's store."""

    name = "etcd"

    @property
    def url(self) -> str:
        """Where the API server finds it."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return the command of a store of one member."""
        return [
            *("etcd", "--data-dir", str(self.folder), "--listen-client-urls", self.url),
            *("--advertise-client-urls", self.url),
            *("--listen-peer-urls", f"http://127.0.0.1:{free_port()}"),
        ]


class ApiServer(ServiceProcess):
    """kube-apiserver on loopback, with an administrator who has a token."""

    name = "kube-apiserver"
    ready_s = 300.0

    def __init__(self, binary: Path, etcd: Etcd, folder: Path) -> None:
        super().__init__(folder)
        self._binary = binary
        self._etcd = etcd
        self._token = secrets.token_hex(16)
        self.url = f"https://127.0.0.1:{self.port}"
        (folder / "tokens.csv").write_text(f"{self._token},admin,admin,system:masters\n")
        output_of(["openssl", "genrsa", "-out", str(folder / "account.key"), "2048"])

    def command(self) -> list[str]:
        """Return the command; nothing but the addresses differs from what clusters have."""
        key = str(self.folder / "account.key")
        return [
            *(str(self._binary), "--etcd-servers", self._etcd.url),
            *("--bind-address", "127.0.0.1", "--secure-port", str(self.port)),
            *("--advertise-address", "192.0.2.1", "--endpoint-reconciler-type", "none"),
            *("--cert-dir", str(self.folder / "certificates")),
            *("--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "RBAC"),
            *("--token-auth-file", str(self.folder / "tokens.csv")),
            *("--service-account-issuer", "https://kubernetes.default.svc"),
            *("--service-account-key-file", key, "--service-account-signing-key-file", key),
        ]

    def is_ready(self) -> bool:
        """Tell whether it serves."""
        return accepts(self.port) and self.ask("GET", "/readyz")[0] == 200

    def ask(self, method: str, path: str, document: Document | None = None) -> tuple[int, Any]:
        """Return status and body of a request; the body is text where it is not JSON."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, context=_unverified(), timeout=30) as answer:
                return answer.status, _parsed(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parsed(error.read())
        except OSError as error:
            return 0, str(error)

    def kubeconfig(self) -> Path:
        """Return a file by which helm finds the server."""
        path = self.folder / "kubeconfig"
        cluster = {"server": self.url, "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "own", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self._token}}],
            "contexts": [{"name": "own", "context": {"cluster": "own", "user": "admin"}}],
            "current-context": "own",
        }
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        return path


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its certificate is of its own making, on loopback
    return context


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
