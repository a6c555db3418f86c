#!/bin/sh
# Makes the service's bucket, those of datasets, and one user that may keep the service's objects,
# read the one kind of buckets, write the other, and nothing else. Safe to repeat: what the settings
# do not name any more is taken away, an older user too.
set -eu
: "${MINIO_URL:?}" "${MINIO_ROOT_USER:?}" "${MINIO_ROOT_PASSWORD:?}"
: "${DEPTHQ_S3_BUCKET:?}" "${DEPTHQ_S3_ACCESS_KEY_ID:?}" "${DEPTHQ_S3_SECRET_ACCESS_KEY:?}"
policy="${TMPDIR:-/tmp}/policy.json" more="${TMPDIR:-/tmp}/more.json"

names() { echo "${1:-}" | tr -s ', ' '\n' | grep . || true; }

allow() { # bucket, actions on its objects
    cat <<END
{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": ["arn:aws:s3:::$1"]},
{"Effect": "Allow", "Action": [$2], "Resource": ["arn:aws:s3:::$1/*"]},
END
}

mc alias set store "$MINIO_URL" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
: >"$more"
for bucket in $(names "${DEPTHQ_DATASET_BUCKETS:-}"); do
    allow "$bucket" '"s3:GetObject"' >>"$more"
done
for bucket in $(names "${DEPTHQ_DATASET_OUTPUT_BUCKETS:-}"); do
    allow "$bucket" '"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"' >>"$more"
done
all="$DEPTHQ_S3_BUCKET,${DEPTHQ_DATASET_BUCKETS:-},${DEPTHQ_DATASET_OUTPUT_BUCKETS:-}"
mc mb --ignore-existing $(names "$all" | sed "s|^|store/|")
sed -e "s/BUCKET/$DEPTHQ_S3_BUCKET/g" -e "/\"Statement\"/r $more" \
    "${POLICY:-/etc/depthq/policy.json}" >"$policy"
mc admin policy create store depthq "$policy"
mc admin user add store "$DEPTHQ_S3_ACCESS_KEY_ID" "$DEPTHQ_S3_SECRET_ACCESS_KEY"
# attaching twice is an error to mc, and no problem to us
mc admin policy attach store depthq --user "$DEPTHQ_S3_ACCESS_KEY_ID" ||
    mc admin user info store "$DEPTHQ_S3_ACCESS_KEY_ID" | grep -q depthq
# a key that was replaced opens nothing any more
users=$(mc --json admin user list store)
for user in $(echo "$users" | sed -n 's/.*"accessKey":"\([^"]*\)","policyName":"depthq".*/\1/p'); do
    [ "$user" = "$DEPTHQ_S3_ACCESS_KEY_ID" ] || mc admin user remove store "$user"
done
# expires results a day after DEPTHQ_RETENTION_S, in case the sweep did not; replaces old rules
mc ilm rule import "store/$DEPTHQ_S3_BUCKET" <"${LIFECYCLE:-/etc/depthq/lifecycle.json}"
echo "bucket $DEPTHQ_S3_BUCKET and its user are ready"
