#!/bin/sh
# Copies the folder mounted at /from into a bucket of the compose file's MinIO, what is new of it:
#   docker compose run --rm --volume "$PWD/pictures:/from:ro" minio-init sh /etc/depthq/fill.sh photos
set -eu
: "${MINIO_URL:?}" "${MINIO_ROOT_USER:?}" "${MINIO_ROOT_PASSWORD:?}" "${1:?the name of a bucket}"
mc alias set store "$MINIO_URL" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
mc mirror --overwrite "${FROM:-/from}" "store/$1"
