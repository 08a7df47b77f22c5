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

{{- /* The names in the serving certificate, separated by spaces, given the namespace and webhook.url, whose host is last. */ -}}
{{- define "hydra-webhook.hosts" -}}
{{- $namespace := first . -}}
hydra-webhook.{{ $namespace }}.svc hydra-webhook.{{ $namespace }}.svc.cluster.local
{{- with last . }} {{ (urlParse .).hostname }}{{ end }}
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

{{- /* Which pods: the same for the webhook and the policy. */ -}}
{{- define "hydra-webhook.podConditions" -}}
- name: not-a-mirror-pod
  expression: "!object.metadata.?annotations[?'kubernetes.io/config.mirror'].hasValue()"
- name: not-rendered # a pod with a record of its own runtime and model, and an image, starts while the webhook is down
  expression: >-
    ![object.metadata.?annotations.orValue({})].all(annotations,
    [annotations[?'hydra.io/rendered'].orValue('')].all(record, record.startsWith('{') &&
    record.indexOf(',"model":"') > 0 && record.substring(record.indexOf(',"model":"'))
    .startsWith(',"model":"' + object.metadata.labels[?'hydra.io/model-id'].orValue('') + '",') &&
    record.lastIndexOf(',"runtime":"') > 0 && record.substring(record.lastIndexOf(',"runtime":"'))
    .startsWith(',"runtime":"' + object.metadata.labels['hydra.io/runtime'] + '",')) &&
    [annotations[?'hydra.io/container'].or(annotations[?'kubectl.kubernetes.io/default-container']).orValue('')].all(inference,
    object.spec.containers.size() <= 1000 && (
    object.spec.containers.exists(c, c.name == inference && !(c.?image.orValue('').trim() in ['', 'auto'])) ||
    object.spec.containers.all(c, c.name != inference && !(c.?image.orValue('').trim() in ['', 'auto'])))))
{{- end }}
