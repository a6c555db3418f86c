"""Which S3 server the tests run against, and what the test report says about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.services.s3server import (
    DockerMinio,
    ExternalS3,
    MinioServer,
    MotoServer,
    S3Server,
    VersityServer,
    docker_answers,
)
from tests.services.toolchain import (
    MINIO,
    VERSITYGW,
    ToolMissingError,
    ToolRefusedError,
    find_tool,
    has_go,
)

NOTES: list[str] = []  # lines for the test report


def choose_s3(folder: Path, variables: Mapping[str, str]) -> S3Server:
    """Return the first S3 server that can be had: named, MinIO, MinIO in Docker, Versity, moto.

    In CI with Go at hand a real server is a must, and MinIO too unless the module proxy itself
    refuses it, which no session can mend. Raises ToolMissingError.
    """
    if "DEPTHQ_TEST_S3_ENDPOINT" in variables:
        return ExternalS3(folder / "external", variables)
    strict = variables.get("CI") == "true" and has_go()
    try:
        return MinioServer(find_tool(MINIO), folder / "minio")
    except ToolMissingError as exc:
        if strict and not isinstance(exc, ToolRefusedError):
            raise
        NOTES.append(f"no MinIO: {exc}")
    if docker_answers():
        return DockerMinio(folder / "minio")
    try:
        server: S3Server = VersityServer(find_tool(VERSITYGW), folder / "versitygw")
    except ToolMissingError as exc:
        if strict:
            raise
        NOTES.append(f"no Versity gateway: {exc}")
        server = MotoServer(folder / "moto")
        NOTES.append("S3 tests ran against moto, an imitation: nothing here speaks for a real one")
    else:
        NOTES.append("S3 tests ran against the Versity gateway in the place of MinIO")
    return server
