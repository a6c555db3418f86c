#!/bin/sh
# Writes .env with fresh random secrets for docker-compose.yml. Never overwrites one.
set -eu
cd "$(dirname "$0")/.."
[ ! -e .env ] || { echo ".env exists; remove it first if you really want new secrets" >&2; exit 1; }
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
cat >.env <<END
# Secrets of this deployment. Keep this file; do not commit it.
REDIS_PASSWORD=$(secret)
MINIO_ROOT_USER=root-$(secret | cut -c1-8)
MINIO_ROOT_PASSWORD=$(secret)
DEPTHQ_S3_ACCESS_KEY_ID=depthq-$(secret | cut -c1-8)
DEPTHQ_S3_SECRET_ACCESS_KEY=$(secret)
# Where clients find the service; part of every presigned URL's signature.
PUBLIC_URL=http://localhost:8000
PUBLISH=127.0.0.1:8000
# Comma-separated bearer keys; without this line there is no login, and an empty one is refused.
#DEPTHQ_API_KEYS=
# names of this service beyond local ones and that of PUBLIC_URL, where there are no keys; comma-separated
DEPTHQ_ALLOWED_HOSTS=
# Limits of single keys, see docs/api.md; empty: those of all.
DEPTHQ_KEY_LIMITS=
# Comma-separated buckets on the same MinIO that datasets may read, and others that they may write.
# They are made and opened at the next `docker compose up`; docs/operations.md says how to fill one.
DEPTHQ_DATASET_BUCKETS=
DEPTHQ_DATASET_OUTPUT_BUCKETS=
GRAFANA_PASSWORD=$(secret)
END
echo "wrote .env; next: docker compose up --build --detach"
