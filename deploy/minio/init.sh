#!/bin/sh
# Makes the bucket and a user that can do nothing but keep depthq's objects in it. Safe to repeat.
set -eu
: "${MINIO_URL:?}" "${MINIO_ROOT_USER:?}" "${MINIO_ROOT_PASSWORD:?}"
: "${DEPTHQ_S3_BUCKET:?}" "${DEPTHQ_S3_ACCESS_KEY_ID:?}" "${DEPTHQ_S3_SECRET_ACCESS_KEY:?}"

mc alias set store "$MINIO_URL" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
mc mb --ignore-existing "store/$DEPTHQ_S3_BUCKET"
sed "s/BUCKET/$DEPTHQ_S3_BUCKET/g" "${POLICY:-/etc/depthq/policy.json}" >"${TMPDIR:-/tmp}/policy.json"
mc admin policy create store depthq "${TMPDIR:-/tmp}/policy.json"
mc admin user add store "$DEPTHQ_S3_ACCESS_KEY_ID" "$DEPTHQ_S3_SECRET_ACCESS_KEY"
# attaching twice is an error to mc, and no problem to us
mc admin policy attach store depthq --user "$DEPTHQ_S3_ACCESS_KEY_ID" ||
    mc admin user info store "$DEPTHQ_S3_ACCESS_KEY_ID" | grep -q depthq
# results that nobody removed go a day after DEPTHQ_RETENTION_S would have them go; replaces old rules
mc ilm rule import "store/$DEPTHQ_S3_BUCKET" <"${LIFECYCLE:-/etc/depthq/lifecycle.json}"
echo "bucket $DEPTHQ_S3_BUCKET and its user are ready"
