{{- define "hydra-webhook.selector" -}}
app.kubernetes.io/name: hydra-webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "hydra-webhook.labels" -}}
{{ include "hydra-webhook.selector" . }}
app.kubernetes.io/part-of: hydra
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "hydra-webhook.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* The names in the serving certificate, separated by spaces. The host of webhook.url is last. */ -}}
{{- define "hydra-webhook.hosts" -}}
hydra-webhook.{{ .Release.Namespace }}.svc hydra-webhook.{{ .Release.Namespace }}.svc.cluster.local
{{- with .Values.webhook.url }} {{ (urlParse .).hostname }}{{ end }}
{{- end }}

{{- define "hydra-webhook.clientConfig" -}}
{{- if .Values.webhook.url -}}
url: {{ .Values.webhook.url }}
{{- else -}}
service: {name: hydra-webhook, namespace: {{ .Release.Namespace }}, port: 443, path: /mutate}
{{- end }}
{{- if eq .Values.certificates.mode "secret" }}
{{- with .Values.certificates.secret.caBundle }}
caBundle: {{ b64enc . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Which objects in which namespaces: the same for both webhooks and both policies. */ -}}
{{- define "hydra-webhook.selectors" -}}
objectSelector:
  matchExpressions:
    - {key: hydra.io/runtime, operator: Exists}
    - {key: hydra.io/inject, operator: NotIn, values: ["false"]}
namespaceSelector:
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ concat (list "kube-system" .Release.Namespace) .Values.webhook.excludedNamespaces | toJson }}
    - {key: hydra.io/inject, operator: NotIn, values: ["false"]}
{{- end }}
