"""S3 servers for tests, each with credentials of its own that live as long as the session."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from contract.settings import Settings
from tests.services.process import ServiceProcess


class S3Server(ServiceProcess):
    """A server on loopback. Its objects survive a restart (but moto's), not `wipe`."""

    name = "s3"
    endpoint_url: str

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        self.access_key = secrets.token_hex(8)
        self.secret_key = secrets.token_hex(16)

    def variables(self, bucket: str) -> dict[str, str]:
        """Return the DEPTHQ_* variables for a process that stores in `bucket`."""
        return {
            "DEPTHQ_S3_ENDPOINT_URL": self.endpoint_url,
            "DEPTHQ_S3_BUCKET": bucket,
            "DEPTHQ_S3_ACCESS_KEY_ID": self.access_key,
            "DEPTHQ_S3_SECRET_ACCESS_KEY": self.secret_key,
        }

    def settings(self, bucket: str, **others: object) -> Settings:
        """Return the same as settings."""
        return Settings(
            s3_endpoint_url=self.endpoint_url,
            s3_bucket=bucket,
            s3_access_key_id=self.access_key,
            s3_secret_access_key=self.secret_key,
            **others,
        )

    def is_ready(self) -> bool:
        """Tell whether it answers HTTP, be it with an error."""
        try:
            urllib.request.urlopen(self.endpoint_url, timeout=10).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code < 500
        except OSError:
            return False
        return True

    def wipe(self) -> None:
        """Kill the server and start it again with nothing in it."""
        self.kill()
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        self.start()


class MinioServer(S3Server):
    """MinIO from a binary."""

    name = "minio"

    def __init__(self, binary: Path, folder: Path) -> None:
        super().__init__(folder)
        self._binary = binary

    def command(self) -> list[str]:
        """Return the command of a server with one drive and no console."""
        address = f"127.0.0.1:{self.port}"
        return [str(self._binary), "server", str(self.folder), "--quiet", "--address", address]

    def environment(self) -> Mapping[str, str]:
        """Return its root user, and no browser."""
        return {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }


class VersityServer(S3Server):
    """Versity's gateway over a folder: a maintained server that behaves unlike MinIO."""

    name = "versitygw"

    def __init__(self, binary: Path, folder: Path) -> None:
        super().__init__(folder)
        self._binary = binary

    def command(self) -> list[str]:
        """Return the command of a gateway that needs no extended attributes."""
        objects, about = self.folder / "objects", self.folder / "about"
        objects.mkdir(exist_ok=True)
        about.mkdir(exist_ok=True)
        address = f"127.0.0.1:{self.port}"
        start = [str(self._binary), "--port", address, "--quiet", "--keep-alive"]
        return [*start, "posix", "--sidecar", str(about), str(objects)]

    def environment(self) -> Mapping[str, str]:
        """Return its root user."""
        return {
            "ROOT_ACCESS_KEY_ID": self.access_key,
            "ROOT_SECRET_ACCESS_KEY": self.secret_key,
        }


class DockerMinio(S3Server):
    """MinIO in a container, named by the port. Killing it kills the container."""

    name = "minio in docker"
    image = "minio/minio:RELEASE.2025-09-07T16-13-09Z"

    def command(self) -> list[str]:
        """Return the command that runs the container in the foreground."""
        return [
            *("docker", "run", "--rm", "--name", f"depthq-test-minio-{self.port}"),
            *("-p", f"127.0.0.1:{self.port}:9000", "-v", f"{self.folder}:/data"),
            *("-e", "MINIO_ROOT_USER", "-e", "MINIO_ROOT_PASSWORD", self.image, "server", "/data"),
        ]

    def environment(self) -> Mapping[str, str]:
        """Return its root user."""
        return {"MINIO_ROOT_USER": self.access_key, "MINIO_ROOT_PASSWORD": self.secret_key}


class MotoServer(S3Server):
    """moto's imitation: the last resort. Checks no signatures, forgets all with its process."""

    name = "moto"

    def command(self) -> list[str]:
        """Return the command of the imitation."""
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]


class ExternalS3(S3Server):
    """A server that was not started by the tests: they cannot kill or freeze it."""

    name = "DEPTHQ_TEST_S3_ENDPOINT"

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.endpoint_url = variables["DEPTHQ_TEST_S3_ENDPOINT"]
        self.access_key = variables["DEPTHQ_TEST_S3_ACCESS_KEY_ID"]
        self.secret_key = variables["DEPTHQ_TEST_S3_SECRET_ACCESS_KEY"]

    def start(self) -> None:
        """Do nothing: it runs already."""

    def stop(self) -> None:
        """Do nothing: it is not ours."""


def docker_answers() -> bool:
    """Tell whether a Docker engine is at hand."""
    return shutil.which("docker") is not None and os.system("docker info >/dev/null 2>&1") == 0
