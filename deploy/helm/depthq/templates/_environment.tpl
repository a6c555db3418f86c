{{/* The environment of API and workers. Every DEPTHQ_ name is a setting of contract/settings.py. */}}

{{/* A value as the settings read it; plain printing would write large numbers as 1e+09. */}}
{{- define "depthq.scalar" -}}
{{- if kindIs "slice" . -}}
{{ join "," . }}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
{{ printf "%.0f" . }}
{{- else -}}
{{ toString . }}
{{- end -}}
{{- end }}

{{/* Takes (list root name): one variable from the Secret. Never optional, so that nothing fails open. */}}
{{- define "depthq.secretVariable" -}}
- name: {{ index . 1 }}
  valueFrom: {secretKeyRef: {name: {{ include "depthq.secretName" (index . 0) | quote }}, key: {{ index . 1 }}}}
{{- end }}

{{- define "depthq.environment" -}}
{{ include "depthq.secretVariable" (list . "DEPTHQ_REDIS_URL") }}
- {name: DEPTHQ_S3_BUCKET, value: {{ required "s3.bucket: name the bucket for inputs and results" .Values.s3.bucket | quote }}}
- {name: DEPTHQ_S3_CREATE_BUCKET, value: "false"}
- {name: DEPTHQ_S3_REGION, value: {{ .Values.s3.region | quote }}}
- {name: DEPTHQ_S3_PATH_STYLE, value: {{ .Values.s3.pathStyle | quote }}}
{{- with .Values.s3.endpointUrl }}
- {name: DEPTHQ_S3_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .Values.s3.publicEndpointUrl }}
- {name: DEPTHQ_S3_PUBLIC_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- if .Values.s3.accessKeys }}
{{ include "depthq.secretVariable" (list . "DEPTHQ_S3_ACCESS_KEY_ID") }}
{{ include "depthq.secretVariable" (list . "DEPTHQ_S3_SECRET_ACCESS_KEY") }}
{{- end }}
{{- if .Values.webhooks.enabled }}
{{ include "depthq.secretVariable" (list . "DEPTHQ_WEBHOOK_SECRET") }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: DEPTHQ_{{ upper $name }}, value: {{ include "depthq.scalar" $value | quote }}}
{{- end }}
{{- end }}
