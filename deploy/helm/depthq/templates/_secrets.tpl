{{/* Where secrets come from: existingSecret, or a Secret of this release. */}}

{{- define "depthq.secretName" -}}
{{ .Values.existingSecret | default (include "depthq.fullname" .) }}
{{- end }}

{{/* Takes (list root name given): the value given, else the one kept in the cluster, else a new one. */}}
{{- define "depthq.kept" -}}
{{- $root := index . 0 -}}
{{- $known := lookup "v1" "Secret" $root.Release.Namespace (include "depthq.fullname" $root) | default dict -}}
{{- with index . 2 -}}
{{ . }}
{{- else -}}
{{ get ($known.data | default dict) (index . 1) | b64dec | default (randAlphaNum 40) }}
{{- end -}}
{{- end }}

{{/* Takes (list root password). The password is percent-encoded, as in any URL. */}}
{{- define "depthq.redisUrl" -}}
{{- $root := index . 0 -}}
{{- $url := $root.Values.redis.url -}}
{{- if $root.Values.valkey.enabled -}}
{{- $url = printf "redis://%s-redis:6379/0" (include "depthq.fullname" $root) -}}
{{- end -}}
{{- $parts := splitn "://" 2 $url -}}
{{- with index . 1 -}}
{{ $parts._0 }}://:{{ . | urlquery | replace "+" "%20" }}@{{ $parts._1 }}
{{- else -}}
{{ $url }}
{{- end -}}
{{- end }}

{{/* Stops with a sentence where values contradict each other; what one value may be is the schema's part. */}}
{{- define "depthq.check" -}}
{{- $v := .Values -}}
{{- $own := or $v.redis.url $v.redis.password $v.s3.accessKeyId $v.s3.secretAccessKey $v.auth.apiKeys $v.webhooks.secret -}}
{{- if and $v.existingSecret $own -}}
{{- fail "existingSecret: it holds redis.url and all secrets; leave redis.*, s3.accessKeyId, s3.secretAccessKey, auth.apiKeys and webhooks.secret empty" -}}
{{- end -}}
{{- if and $v.valkey.enabled $v.redis.url -}}
{{- fail "redis.url and valkey.enabled: choose one Redis" -}}
{{- end -}}
{{- if not (or $v.existingSecret $v.valkey.enabled $v.redis.url) -}}
{{- fail "redis.url: name a Redis, or try things out with valkey.enabled=true" -}}
{{- end -}}
{{- if and $v.s3.accessKeys (not $v.existingSecret) (not (and $v.s3.accessKeyId $v.s3.secretAccessKey)) -}}
{{- fail "s3.accessKeyId, s3.secretAccessKey: both are needed, or s3.accessKeys=false to use the pod's role" -}}
{{- end -}}
{{- if and $v.webhooks.enabled (not $v.existingSecret) (not $v.webhooks.secret) -}}
{{- fail "webhooks.secret: webhooks are signed with it" -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.host) -}}
{{- fail "ingress.host: name the host that clients use" -}}
{{- end -}}
{{- end }}
