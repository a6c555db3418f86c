"""Runs the scripts of deploy/minio as the compose file does, against a MinIO of the tests."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from contract.settings import Settings
from tests.services.s3server import S3Server
from tests.waits import PATIENT_S

DEPLOY = Path(__file__).parents[2] / "deploy" / "minio"


@dataclass
class MinioSetup:
    """A deployment's user and buckets. MinIO has one policy `depthq`: one deployment at a time."""

    server: S3Server
    mc: Path
    folder: Path
    key_id: str = field(default_factory=lambda: f"depthq-{secrets.token_hex(4)}")
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    def init(self, bucket: str, *, read: str = "", write: str = "") -> None:
        """Run init.sh for the service's bucket and those of datasets (comma-separated)."""
        self._run(
            ["sh", str(DEPLOY / "init.sh")],
            DEPTHQ_S3_BUCKET=bucket,
            DEPTHQ_S3_ACCESS_KEY_ID=self.key_id,
            DEPTHQ_S3_SECRET_ACCESS_KEY=self.secret,
            DEPTHQ_DATASET_BUCKETS=read,
            DEPTHQ_DATASET_OUTPUT_BUCKETS=write,
            POLICY=str(DEPLOY / "policy.json"),
            LIFECYCLE=str(DEPLOY / "lifecycle.json"),
        )

    def fill(self, bucket: str, folder: Path) -> None:
        """Run fill.sh."""
        self._run(["sh", str(DEPLOY / "fill.sh"), bucket], FROM=str(folder))

    def users(self) -> set[str]:
        """Return the names of all users that MinIO knows."""
        listed = self._run([str(self.mc), "--json", "admin", "user", "list", "store"])
        return {json.loads(line)["accessKey"] for line in listed.splitlines()}

    def settings(self, bucket: str, **others: object) -> Settings:
        """Return the settings of a service that logs in as the user."""
        return Settings(
            s3_endpoint_url=self.server.endpoint_url,
            s3_bucket=bucket,
            s3_access_key_id=self.key_id,
            s3_secret_access_key=self.secret,
            s3_create_bucket=False,
            **others,
        )

    def _run(self, command: list[str], **variables: str) -> str:
        self.folder.mkdir(exist_ok=True)
        environment = {
            "PATH": f"{self.mc.parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "MC_CONFIG_DIR": str(self.folder / "mc"),
            "TMPDIR": str(self.folder),
            "MINIO_URL": self.server.endpoint_url,
            "MINIO_ROOT_USER": self.server.access_key,
            "MINIO_ROOT_PASSWORD": self.server.secret_key,
            **variables,
        }
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENT_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
