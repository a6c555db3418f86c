{{/* Pieces of the network policies. */}}

{{/* Takes (list url fallback): the port that a URL names or implies. */}}
{{- define "depthq.port" -}}
{{- $url := urlParse (index . 0) -}}
{{- $named := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{ $named | default (get (dict "http" "80" "https" "443") $url.scheme) | default (index . 1) }}
{{- end }}

{{/* Takes (list peers port): one rule; without peers any address but the link-local ones, where nodes keep secrets. */}}
{{- define "depthq.egressTo" -}}
- to:
    {{- with index . 0 }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}
    - ipBlock: {cidr: "::/0", except: ["fe80::/10", "fd00:ec2::/32"]}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ index . 1 }}}
{{- end }}

{{/* DNS, Redis and the store: all that API and workers need. */}}
{{- define "depthq.egress" -}}
{{- $policy := .Values.networkPolicy -}}
- to:
    {{- toYaml $policy.dns.to | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- if .Values.valkey.enabled }}
- to:
    - podSelector:
        matchLabels:
          {{- include "depthq.selector" (list . "redis") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else }}
{{ include "depthq.egressTo" (list $policy.redis.to ($policy.redis.port | default (include "depthq.port" (list .Values.redis.url "6379")))) }}
{{- end }}
{{ include "depthq.egressTo" (list $policy.store.to ($policy.store.port | default (include "depthq.port" (list .Values.s3.endpointUrl "443")))) }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The internet and no private network, for what strangers name. */}}
{{- define "depthq.egressOutside" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
    - ipBlock:
        cidr: "::/0"
        except: ["fc00::/7", "fe80::/10"]
  ports:
    - {protocol: TCP, port: 80}
    - {protocol: TCP, port: 443}
{{- end }}
