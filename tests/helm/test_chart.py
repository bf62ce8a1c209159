"""The chart, by the real Helm: what it draws, what it refuses, and that Kubernetes would take it."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from bot.app import END_SECONDS
from bot.settings import Settings
from tests.helm.chart import (
    CHART,
    EXAMPLES,
    README,
    Object,
    Values,
    documented_values,
    draw,
    merged,
    readme,
    refusal,
    run_helm,
)

pytestmark = pytest.mark.xdist_group("helm")  # so that each chart is drawn once

SOCKET: Values = {
    "secret": {"botToken": "xoxb-1", "appToken": "xapp-1", "secretKeys": "key-1"},
    "registry": {"url": "https://registry.example.com/"},
}
HTTP: Values = {
    "secret": {"botToken": "xoxb-1", "signingSecret": "signing-1", "secretKeys": "key-1"},
    "registry": {"url": "https://registry.example.com/"},
}
POSTGRESQL: Values = merged(
    HTTP,
    {"replicaCount": 3, "database": {"kind": "postgresql"}, "secret": {"databaseUrl": "postgresql://u:p@db/npmtrust"}},
)
EVERYTHING: Values = merged(
    POSTGRESQL,
    {
        "image": {"repository": "registry.example.com/npmtrust", "digest": "sha256:" + "0" * 64},
        "imagePullSecrets": [{"name": "pull"}],
        "slack": {"apiUrl": "https://slack.example.com/api/"},
        "secret": {"githubToken": "g", "gitlabToken": "l"},
        "registry": {"authHosts": ["www.example.com"]},
        "admins": ["U0123ABCD"],
        "channel": "C0123ABCD",
        "policy": "[people]\n",
        "preflight": False,
        "extraEnv": {"NPMTRUST_LAG_SECONDS": "300"},
        "ingress": {"enabled": True, "host": "npmtrust.example.com", "tlsSecretName": "tls", "className": "nginx"},
        "networkPolicy": {
            "ingressFrom": [{"namespaceSelector": {}}],
            "databaseTo": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
            "httpsTo": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
            "extraEgress": [{"ports": [{"port": 3128, "protocol": "TCP"}]}],
        },
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "podAnnotations": {"a": "b"},
        "podLabels": {"egress": "fixed"},
    },
)
HOOK = "helm.sh/hook"
INSTANCE = "app.kubernetes.io/instance"
CASES = {
    "socket": SOCKET,
    "http": HTTP,
    "postgresql": POSTGRESQL,
    "everything": EVERYTHING,
    "without a volume": merged(SOCKET, {"persistence": {"enabled": False}}),
    "own claim": merged(SOCKET, {"persistence": {"existingClaim": "mine"}}),
    "no policy of the network": merged(SOCKET, {"networkPolicy": {"enabled": False}}),
    "own account": merged(SOCKET, {"serviceAccount": {"create": False, "name": "mine"}}),
    **{file.stem: yaml.safe_load(file.read_text()) for file in EXAMPLES},
}


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def drawn(request: pytest.FixtureRequest) -> list[Object]:
    return draw(CASES[request.param])


def of_kind(objects: Iterable[Object], kind: str) -> list[Object]:
    return [found for found in objects if found["kind"] == kind]


def pods_of(objects: Iterable[Object]) -> list[Object]:
    """List the pod specifications, wherever they stand."""
    whole = [found["spec"] for found in of_kind(objects, "Pod")]
    return whole + [found["spec"]["template"]["spec"] for found in objects if "template" in found.get("spec", {})]


def env_of(objects: Iterable[Object]) -> dict[str, Any]:
    (deployment,) = of_kind(objects, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_kubernetes_takes_every_object(drawn: list[Object]) -> None:
    import kubernetes_validate  # noqa: PLC0415 -- it compiles grammars for a second, in whoever only collects tests too

    for each in drawn:
        if each["kind"] != "ServiceMonitor":  # the operator's own kind: its schema is not Kubernetes'
            kubernetes_validate.validate(each, "1.31", strict=True)


@pytest.mark.parametrize("name", CASES)
def test_helm_finds_nothing_to_complain_about(name: str) -> None:
    done = run_helm("lint", "--strict", str(CHART), values=CASES[name])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_pod_is_hardened(drawn: list[Object]) -> None:
    for pod in pods_of(drawn):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "privileged": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"requests", "limits"} <= set(container["resources"])
            assert container["image"]


def test_one_process_on_sqlite_and_never_two_at_once(drawn: list[Object]) -> None:
    (deployment,) = of_kind(drawn, "Deployment")
    on_sqlite = env_of(drawn)["NPMTRUST_DATABASE_URL"] == "sqlite:////data/npmtrust.sqlite3"
    assert deployment["spec"]["strategy"]["type"] == ("Recreate" if on_sqlite else "RollingUpdate")
    assert not (on_sqlite and deployment["spec"]["replicas"] > 1)
    assert bool(of_kind(drawn, "PodDisruptionBudget")) is (deployment["spec"]["replicas"] > 1)
    assert bool(of_kind(drawn, "Job")) is not on_sqlite
    assert not (of_kind(drawn, "PersistentVolumeClaim") and not on_sqlite)


def test_a_pod_has_the_time_that_the_process_needs_to_end(drawn: list[Object]) -> None:
    (deployment,) = of_kind(drawn, "Deployment")
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= END_SECONDS + 5


def test_the_three_probes_ask_the_three_addresses(drawn: list[Object]) -> None:
    (deployment,) = of_kind(drawn, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    asked = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert asked == {"startup": "/startupz", "liveness": "/healthz", "readiness": "/readyz"}


def test_every_variable_is_a_setting_and_secrets_come_from_a_secret(drawn: list[Object]) -> None:
    known = {field.validation_alias for field in Settings.model_fields.values()}
    given = env_of(drawn)
    assert set(given) <= known
    secrets = {name for name in given if any(word in name for word in ("TOKEN", "SECRET"))}
    assert secrets
    assert all("secretKeyRef" in given[name] for name in secrets)
    assert "xoxb-1" not in json.dumps([found for found in drawn if found["kind"] != "Secret"])


def test_slack_reaches_its_address_alone_and_the_test_pod_serves_nobody() -> None:
    objects = draw(EVERYTHING)
    (ingress,) = of_kind(objects, "Ingress")
    assert [path["path"] for path in ingress["spec"]["rules"][0]["http"]["paths"]] == ["/slack/events"]
    (service,) = of_kind(objects, "Service")
    for pod in of_kind(objects, "Pod"):
        assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()


def ports_out_of(objects: list[Object], labels: Values) -> list[list[int]]:
    """List the ports of each rule out that holds for a pod with these labels; each pod has one policy."""
    (policy,) = [
        found
        for found in of_kind(objects, "NetworkPolicy")
        if found["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    ]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    return [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]


def test_the_network_lets_out_what_is_needed_and_no_more() -> None:
    def ports_of(values: Values) -> dict[str, list[list[int]]]:
        objects = draw(values)
        templates = [found["spec"]["template"] for found in objects if "template" in found.get("spec", {})]
        labels = [found["metadata"]["labels"] for found in (*templates, *of_kind(objects, "Pod"))]
        return {each["app.kubernetes.io/name"]: ports_out_of(objects, each) for each in labels}

    assert ports_of(SOCKET) == {"npmtrust": [[53, 53], [443]], "npmtrust-test": [[53, 53], [3000]]}
    whole = ports_of(merged(EVERYTHING, {"registry": {"url": "http://registry.example.com:4873/"}}))
    assert whole == {
        "npmtrust": [[53, 53], [443, 4873], [5432], [3128]],
        "npmtrust-migrate": [[53, 53], [5432]],
        "npmtrust-test": [[53, 53], [3000]],
    }


def test_who_may_come_in_is_the_cluster_or_whom_the_values_name() -> None:
    def peers(values: Values) -> Any:  # noqa: ANN401 -- as the object has it
        policies = {found["metadata"]["name"]: found for found in of_kind(draw(values), "NetworkPolicy")}
        (rule,) = policies["team-npmtrust"]["spec"]["ingress"]
        return rule.get("from")

    tests = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "npmtrust-test", INSTANCE: "team"}}}
    assert peers(HTTP) == [tests, {"namespaceSelector": {}}]
    named = {"networkPolicy": {"ingressFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}}
    assert peers(merged(HTTP, named)) == [tests, {"ipBlock": {"cidr": "10.0.0.0/8"}}]
    balanced = merged(HTTP, {"service": {"type": "LoadBalancer"}})
    assert peers(balanced) is None  # a balancer is in no namespace
    assert peers(merged(balanced, named)) == [tests, {"ipBlock": {"cidr": "10.0.0.0/8"}}]


def test_a_pod_that_ends_takes_requests_until_others_have_heard_of_it() -> None:
    def hook_of(values: Values) -> Any:  # noqa: ANN401 -- as the object has it
        (deployment,) = of_kind(draw(values), "Deployment")
        return deployment["spec"]["template"]["spec"]["containers"][0].get("lifecycle")

    assert hook_of(POSTGRESQL) == {"preStop": {"exec": {"command": ["sleep", "5"]}}}
    assert hook_of(HTTP) is None  # no other pod would take them


def test_what_finds_pods_finds_those_of_the_deployment_alone(drawn: list[Object]) -> None:
    templates = [found["spec"]["template"] for found in drawn if "template" in found.get("spec", {})]
    pods = [found["metadata"]["labels"] for found in (*templates, *of_kind(drawn, "Pod"))]
    (deployment,) = of_kind(drawn, "Deployment")
    (service,) = of_kind(drawn, "Service")
    selectors = [service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in of_kind(drawn, "PodDisruptionBudget")]
    own = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in selectors:
        assert [labels for labels in pods if selector.items() <= labels.items()] == [own]
    for monitor in of_kind(drawn, "ServiceMonitor"):
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert {each["port"] for each in monitor["spec"]["endpoints"]} <= {
            port["name"] for port in service["spec"]["ports"]
        }


def test_pods_are_replaced_when_the_secret_or_the_policy_changes() -> None:
    def checksums(values: Values) -> dict[str, str]:
        (deployment,) = of_kind(draw(values), "Deployment")
        told: dict[str, str] = deployment["spec"]["template"]["metadata"]["annotations"]
        return {name: value for name, value in told.items() if name.startswith("checksum/")}

    before = checksums(SOCKET)
    assert set(before) == {"checksum/secret", "checksum/policy"}
    other_secret = checksums(merged(SOCKET, {"secret": {"secretKeys": "key-2"}}))
    assert [name for name in before if before[name] != other_secret[name]] == ["checksum/secret"]
    other_policy = checksums(merged(SOCKET, {"policy": "[people]\n"}))
    assert [name for name in before if before[name] != other_policy[name]] == ["checksum/policy"]


def test_the_migration_runs_before_the_pods_with_a_secret_of_its_own() -> None:
    objects = draw(POSTGRESQL)
    (job,) = of_kind(objects, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    named = {
        each["valueFrom"]["secretKeyRef"]["name"]
        for each in job["spec"]["template"]["spec"]["containers"][0]["env"]
        if "valueFrom" in each
    }
    hooked = [each for each in objects if "pre-install" in each["metadata"].get("annotations", {}).get(HOOK, "")]
    assert named == {each["metadata"]["name"] for each in of_kind(hooked, "Secret")}
    weights = {each["kind"]: int(each["metadata"]["annotations"][f"{HOOK}-weight"]) for each in hooked}
    assert weights.pop("Job") > max(weights.values())
    assert set(weights) == {"Secret", "NetworkPolicy"}


def test_a_job_needs_nothing_that_comes_after_it(drawn: list[Object]) -> None:
    """A hook runs before the release's own objects are there, on the first install."""
    hooked = {each["metadata"]["name"] for each in drawn if HOOK in each["metadata"].get("annotations", {})}
    later = {each["metadata"]["name"] for each in of_kind(drawn, "Secret")} - hooked
    for job in of_kind(drawn, "Job"):
        pod = job["spec"]["template"]["spec"]
        assert "serviceAccountName" not in pod
        assert [volume for volume in pod["volumes"] if "emptyDir" not in volume] == []
        assert [name for name in later if f'"name": "{name}"' in json.dumps(pod)] == []


def test_the_policy_is_a_file_that_the_bot_reads() -> None:
    objects = draw(EVERYTHING)
    (config,) = of_kind(objects, "ConfigMap")
    assert config["data"] == {"policy.toml": "[people]\n"}
    assert env_of(objects)["NPMTRUST_POLICY_FILE"] == "/etc/npmtrust/policy.toml"
    assert "NPMTRUST_POLICY_FILE" not in env_of(draw(SOCKET))


def test_a_claim_outlives_the_release() -> None:
    (claim,) = of_kind(draw(SOCKET), "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


SECRET = {"existing": "npmtrust", "botToken": "", "appToken": "", "secretKeys": ""}
GUARDS: list[tuple[Values, str]] = [
    (merged(SOCKET, {"replicaCount": 2}), "replicaCount is more than 1 on SQLite"),
    (merged(SOCKET, {"secret": {"secretKeys": ""}}), "secret.secretKeys is not set: `npmtrust keygen` prints a key"),
    (merged(SOCKET, {"secret": {"botToken": ""}}), "secret.botToken is not set"),
    (merged(SOCKET, {"secret": {"signingSecret": "s"}}), "secret.appToken and secret.signingSecret are both set"),
    (merged(SOCKET, {"secret": {"appToken": ""}}), "neither secret.appToken nor secret.signingSecret is set"),
    (merged(SOCKET, {"secret": {"existing": "npmtrust"}}), "secret.existing and values of a secret are both set"),
    (merged(SOCKET, {"secret": SECRET}), "slack.mode is not set: with secret.existing"),
    (merged(HTTP, {"slack": {"mode": "socket"}}), "slack.mode is socket, and secret.appToken is not set"),
    (merged(SOCKET, {"slack": {"mode": "http"}}), "slack.mode is http, and secret.signingSecret is not set"),
    (merged(SOCKET, {"database": {"kind": "postgresql"}}), "secret.databaseUrl is not set"),
    (merged(SOCKET, {"secret": {"databaseUrl": "postgresql://db/n"}}), "database.kind is sqlite: set database.kind"),
    (merged(SOCKET, {"registry": {"url": ""}}), "registry.url is not set"),
    (merged(SOCKET, {"ingress": {"enabled": True, "host": "a.example.com"}}), "in Socket Mode nothing comes in"),
    (merged(HTTP, {"ingress": {"enabled": True}}), "ingress.enabled is set without ingress.host"),
    (merged(POSTGRESQL, {"podDisruptionBudget": {"minAvailable": 3}}), "so that no node could ever be drained"),
    (merged(POSTGRESQL, {"podDisruptionBudget": {"minAvailable": "100%"}}), "so that no node could ever be drained"),
    (merged(SOCKET, {"extraEnv": {"NPMTRUST_PORT": "1"}}), "extraEnv.NPMTRUST_PORT is set by the chart: use the value"),
    (merged(SOCKET, {"extraEnv": {"NPMTRUST_DATABASE_URL": "x"}}), "looks like a secret: put it into the Secret"),
]


@pytest.mark.parametrize(("values", "sentence"), GUARDS, ids=[sentence[:40] for _, sentence in GUARDS])
def test_what_would_not_start_is_refused_with_a_sentence(values: Values, sentence: str) -> None:
    assert sentence in refusal(values)


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 2},
        {"secret": {"token": "x"}},
        {"replicaCount": "two"},
        {"admins": ["rita"]},
        {"database": {"kind": "mysql"}},
        {"terminationGracePeriodSeconds": 5},
        {"extraEnv": {"PATH": "/"}},
        {"image": {"digest": "latest"}},
        {"terminationGracePeriodSeconds": 29},
    ],
    ids=str,
)
def test_a_value_that_nobody_knows_is_refused(values: Values) -> None:
    assert "values don't meet the specifications of the schema" in refusal(merged(SOCKET, values))


def test_the_schema_is_closed_everywhere() -> None:
    def walk(node: object, path: str) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                assert node.get("additionalProperties") is False, path
            for name, below in node.items():
                walk(below, f"{path}/{name}")

    schema = json.loads((CHART / "values.schema.json").read_text())
    walk(schema, "")
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema["properties"]) - {"global"} == set(values)


def test_the_readme_tells_every_value() -> None:
    assert readme() == README.read_text(), "`make readme` brings it up to date"
    leaves = {name for name, _, _ in documented_values()}
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def names(node: dict[str, Any], path: str = "") -> Iterable[str]:
        for name, below in node.items():
            where = f"{path}{name}"
            if where in leaves or not isinstance(below, dict) or not below:
                yield where
            else:
                yield from names(below, f"{where}.")

    assert set(names(values)) <= leaves
