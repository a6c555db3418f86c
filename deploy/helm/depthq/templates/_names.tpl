{{/* Names, labels and images. */}}

{{- define "depthq.fullname" -}}
{{- if contains "depthq" .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-depthq" (.Release.Name | trunc 33 | trimSuffix "-") }}
{{- end -}}
{{- end }}

{{/* "worker" for the interactive lane, "worker-bulk" for the other: the names of the compose file. */}}
{{- define "depthq.worker" -}}
{{ ternary "worker" (printf "worker-%s" .) (eq . "interactive") }}
{{- end }}

{{/* One row per Deployment of workers, as JSON: the lanes', then those of modelWorkers, which take from their lane
     what they do not say themselves. No models: those of settings.models, or the default one. */}}
{{- define "depthq.workers" -}}
{{- $rows := list -}}
{{- range $lane, $worker := .Values.workers -}}
{{- $rows = append $rows (dict "component" (include "depthq.worker" $lane) "lane" $lane "worker" $worker "models" list) -}}
{{- end -}}
{{- range .Values.modelWorkers -}}
{{- $worker := mergeOverwrite (deepCopy (get $.Values.workers .lane)) (omit . "name" "lane" "models") -}}
{{- $rows = append $rows (dict "component" (printf "worker-%s" .name) "lane" .lane "worker" $worker "models" .models) -}}
{{- end -}}
{{ toJson $rows }}
{{- end }}

{{/* What tells this component's pods from all others. Takes (list root component). */}}
{{- define "depthq.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: depthq
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "depthq.labels" -}}
{{- $root := index . 0 -}}
{{ include "depthq.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* Takes (list root room reference); the reference, if given, is the whole answer. */}}
{{- define "depthq.image" -}}
{{- $root := index . 0 -}}
{{- $ours := printf "depthq-%s:%s" (index . 1) ($root.Values.image.tag | default $root.Chart.AppVersion) -}}
{{- $registry := $root.Values.image.registry | trimSuffix "/" -}}
{{ index . 2 | default (ternary (printf "%s/%s" $registry $ours) $ours (ne $registry "")) }}
{{- end }}

{{- define "depthq.publicUrl" -}}
{{- if .Values.api.publicUrl -}}
{{ .Values.api.publicUrl }}
{{- else if .Values.ingress.enabled -}}
{{ ternary "https" "http" (ne .Values.ingress.tlsSecret "") }}://{{ .Values.ingress.host }}
{{- end -}}
{{- end }}
