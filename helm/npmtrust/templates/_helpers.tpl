{{- define "npmtrust.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "npmtrust.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "npmtrust.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "npmtrust.selector" -}}
app.kubernetes.io/name: {{ include "npmtrust.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Not the selector of the service and of the deployment: no command of Slack's must reach the job. */ -}}
{{- define "npmtrust.migrationLabels" -}}
app.kubernetes.io/name: {{ include "npmtrust.name" . }}-migrate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "npmtrust.labels" -}}
{{ include "npmtrust.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "npmtrust.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "npmtrust.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "npmtrust.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "npmtrust.secretName" -}}
{{- .Values.secret.existing | default (include "npmtrust.fullname" .) -}}
{{- end -}}

{{- /* `socket` or `http`: as it is named, else as the token says. */ -}}
{{- define "npmtrust.mode" -}}
{{- if .Values.slack.mode -}}{{ .Values.slack.mode }}{{- else if .Values.secret.appToken -}}socket{{- else -}}http{{- end -}}
{{- end -}}

{{- /* Refuse what would not start, with what to do. Every template that is always drawn calls it once. */ -}}
{{- define "npmtrust.guards" -}}
{{- $s := .Values.secret -}}
{{- $own := or $s.botToken $s.appToken $s.signingSecret $s.secretKeys $s.databaseUrl $s.githubToken $s.gitlabToken -}}
{{- if and $s.existing $own -}}
{{- fail "secret.existing and values of a secret are both set: name the Secret that is there, or give the values, not both." -}}
{{- end -}}
{{- if $s.existing -}}
{{- if not .Values.slack.mode -}}
{{- fail "slack.mode is not set: with secret.existing, say socket (the Secret holds SLACK_APP_TOKEN) or http (it holds SLACK_SIGNING_SECRET)." -}}
{{- end -}}
{{- else -}}
{{- if not $s.botToken -}}
{{- fail "secret.botToken is not set: copy the bot token (xoxb-…) from OAuth & Permissions of the Slack app, or name a Secret in secret.existing." -}}
{{- end -}}
{{- if not $s.secretKeys -}}
{{- fail "secret.secretKeys is not set: `npmtrust keygen` prints a key. Keep it: without it nothing that is stored can be read." -}}
{{- end -}}
{{- if and $s.appToken $s.signingSecret -}}
{{- fail "secret.appToken and secret.signingSecret are both set: keep the first for Socket Mode, or the second for HTTP mode." -}}
{{- end -}}
{{- if not (or $s.appToken $s.signingSecret) -}}
{{- fail "neither secret.appToken nor secret.signingSecret is set: give the first for Socket Mode (no public address is needed), or the second for HTTP mode." -}}
{{- end -}}
{{- if and (eq .Values.slack.mode "socket") (not $s.appToken) -}}
{{- fail "slack.mode is socket, and secret.appToken is not set." -}}
{{- end -}}
{{- if and (eq .Values.slack.mode "http") (not $s.signingSecret) -}}
{{- fail "slack.mode is http, and secret.signingSecret is not set." -}}
{{- end -}}
{{- if and (eq .Values.database.kind "postgresql") (not $s.databaseUrl) -}}
{{- fail "database.kind is postgresql, and secret.databaseUrl is not set." -}}
{{- end -}}
{{- if and (eq .Values.database.kind "sqlite") $s.databaseUrl -}}
{{- fail "secret.databaseUrl is set, and database.kind is sqlite: set database.kind to postgresql, or leave the address out." -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.database.kind "sqlite") (gt (int .Values.replicaCount) 1) -}}
{{- fail "replicaCount is more than 1 on SQLite, which takes one process: set database.kind to postgresql, or replicaCount to 1." -}}
{{- end -}}
{{- if not .Values.registry.url -}}
{{- fail "registry.url is not set: give the base address of the npm registry." -}}
{{- end -}}
{{- if and .Values.ingress.enabled (ne (include "npmtrust.mode" .) "http") -}}
{{- fail "ingress.enabled is set, and slack.mode is socket: in Socket Mode nothing comes in. Leave the ingress out." -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.enabled is set without ingress.host: give the host that Slack posts to." -}}
{{- end -}}
{{- $least := .Values.podDisruptionBudget.minAvailable -}}
{{- if and (gt (int .Values.replicaCount) 1) (or (eq (toString $least) "100%") (and (not (hasSuffix "%" (toString $least))) (ge (int $least) (int .Values.replicaCount)))) -}}
{{- fail "podDisruptionBudget.minAvailable keeps every pod, so that no node could ever be drained: set it below replicaCount." -}}
{{- end -}}
{{- range $name, $_ := .Values.extraEnv -}}
{{- if regexMatch "^NPMTRUST_(HOST|PORT|REGISTRY_URL|AUTH_HOSTS|ADMINS|CHANNEL|PREFLIGHT|POLICY_FILE|LOG_FORMAT|LOG_LEVEL)$" $name -}}
{{- fail (printf "extraEnv.%s is set by the chart: use the value for it." $name) -}}
{{- end -}}
{{- if regexMatch "TOKEN|SECRET|PASSWORD|DATABASE_URL|_KEY" $name -}}
{{- fail (printf "extraEnv.%s looks like a secret: put it into the Secret." $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "npmtrust.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .name }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end -}}

{{- /* The settings of the bot; `secret` is the name of the Secret that they come from. */ -}}
{{- define "npmtrust.env" -}}
{{- $root := .root -}}
{{- $secret := .secret -}}
{{- $key := ternary "SLACK_APP_TOKEN" "SLACK_SIGNING_SECRET" (eq (include "npmtrust.mode" $root) "socket") -}}
{{ include "npmtrust.fromSecret" (dict "name" "SLACK_BOT_TOKEN" "secret" $secret) }}
{{ include "npmtrust.fromSecret" (dict "name" $key "secret" $secret) }}
{{ include "npmtrust.fromSecret" (dict "name" "NPMTRUST_SECRET_KEYS" "secret" $secret) }}
{{- if eq $root.Values.database.kind "postgresql" }}
{{ include "npmtrust.fromSecret" (dict "name" "NPMTRUST_DATABASE_URL" "secret" $secret) }}
{{- else }}
- name: NPMTRUST_DATABASE_URL
  value: sqlite:////data/npmtrust.sqlite3
{{- end }}
{{- range $name := list "NPMTRUST_GITHUB_TOKEN" "NPMTRUST_GITLAB_TOKEN" }}
{{ include "npmtrust.fromSecret" (dict "name" $name "secret" $secret "optional" true) }}
{{- end }}
- name: NPMTRUST_REGISTRY_URL
  value: {{ $root.Values.registry.url | quote }}
{{- with $root.Values.registry.authHosts }}
- name: NPMTRUST_AUTH_HOSTS
  value: {{ join "," . | quote }}
{{- end }}
{{- with $root.Values.slack.apiUrl }}
- name: SLACK_API_URL
  value: {{ . | quote }}
{{- end }}
{{- with $root.Values.admins }}
- name: NPMTRUST_ADMINS
  value: {{ join "," . | quote }}
{{- end }}
{{- with $root.Values.channel }}
- name: NPMTRUST_CHANNEL
  value: {{ . | quote }}
{{- end }}
- name: NPMTRUST_PREFLIGHT
  value: {{ ternary "on" "off" $root.Values.preflight | quote }}
- name: NPMTRUST_HOST
  value: "0.0.0.0"
- name: NPMTRUST_PORT
  value: "3000"
- name: NPMTRUST_LOG_FORMAT
  value: {{ $root.Values.log.format | quote }}
- name: NPMTRUST_LOG_LEVEL
  value: {{ $root.Values.log.level | quote }}
{{- range $name, $value := $root.Values.extraEnv }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "npmtrust.secretData" -}}
{{- $s := .Values.secret -}}
SLACK_BOT_TOKEN: {{ $s.botToken | b64enc | quote }}
{{- if $s.appToken }}
SLACK_APP_TOKEN: {{ $s.appToken | b64enc | quote }}
{{- else }}
SLACK_SIGNING_SECRET: {{ $s.signingSecret | b64enc | quote }}
{{- end }}
NPMTRUST_SECRET_KEYS: {{ $s.secretKeys | b64enc | quote }}
{{- with $s.databaseUrl }}
NPMTRUST_DATABASE_URL: {{ . | b64enc | quote }}
{{- end }}
{{- with $s.githubToken }}
NPMTRUST_GITHUB_TOKEN: {{ . | b64enc | quote }}
{{- end }}
{{- with $s.gitlabToken }}
NPMTRUST_GITLAB_TOKEN: {{ . | b64enc | quote }}
{{- end }}
{{- end -}}

{{- define "npmtrust.egressToNames" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end -}}

{{- define "npmtrust.egressToDatabase" -}}
- ports:
    - port: {{ .Values.networkPolicy.databasePort }}
      protocol: TCP
  {{- with .Values.networkPolicy.databaseTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* Where npm, Slack and the forges are asked: https, and the port that an address of the values names. */ -}}
{{- define "npmtrust.httpPorts" -}}
{{- $ports := list "443" -}}
{{- range $address := list .Values.registry.url .Values.slack.apiUrl -}}
{{- with $address -}}
{{- $url := urlParse . -}}
{{- $default := ternary "80" "443" (eq $url.scheme "http") -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default $default) -}}
{{- end -}}
{{- end -}}
{{- $ports | uniq | join "," -}}
{{- end -}}

{{- define "npmtrust.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "npmtrust.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}
