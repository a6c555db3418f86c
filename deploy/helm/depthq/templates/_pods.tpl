{{/* What all pods have in common: no rights, no token, no variables that other Services would inject. */}}

{{/* Takes (list root part): part has nodeSelector, tolerations, affinity. */}}
{{- define "depthq.pod" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
serviceAccountName: {{ include "depthq.fullname" $root }}
automountServiceAccountToken: false
# Kubernetes would set DEPTHQ_PORT=tcp://… for any Service named depthq.
enableServiceLinks: false
# Process 1 is Kubernetes' own then, and waits for children whose parent is gone.
shareProcessNamespace: true
securityContext:
  runAsNonRoot: true
  runAsUser: {{ index . 2 }}
  runAsGroup: {{ index . 3 }}
  fsGroup: {{ index . 3 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with get $part $field }}
{{ $field }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}

{{/* How pods of a Deployment are replaced by those of the next version. */}}
{{- define "depthq.strategy" -}}
{{- $surge := toString .Values.rollout.maxSurge -}}
{{- $unavailable := toString .Values.rollout.maxUnavailable -}}
{{- if and (has $surge (list "0" "0%")) (has $unavailable (list "0" "0%")) -}}
{{- fail "rollout.maxSurge and rollout.maxUnavailable: with both 0 no pod could ever be replaced" -}}
{{- end -}}
rollingUpdate: {maxSurge: {{ $surge }}, maxUnavailable: {{ $unavailable }}}
{{- end }}

{{- define "depthq.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Replicas keep apart where they can. Takes (list root component). */}}
{{- define "depthq.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "depthq.selector" . | nindent 8 }}
{{- end }}

{{/* New pods when a secret of the values changes; the hash is of all of them together. */}}
{{- define "depthq.checksum" -}}
{{- $v := .Values -}}
{{ toJson (list $v.redis $v.s3 $v.auth $v.webhooks $v.existingSecret) | sha256sum }}
{{- end }}
