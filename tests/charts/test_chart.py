"""The chart, rendered with Helm's own code: what it makes agrees with what the processes read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.settings import CatalogSettings
from gateway.settings import GatewaySettings

CHART = Path(__file__).parents[2] / "charts" / "ostiary"

helm = pytest.importorskip("helm_python", reason="HELM NOT TESTED: its library has no wheel for this machine")

VALUES: dict[str, Any] = {
    "keys": {"existingSecret": "ostiary-keys"},
    "catalog": {"url": "https://catalog.example", "upstreamUrls": {"erp": "http://odoo:8069"}},
    "estate": {"files": {"ostiary.yaml": "name: acme\nplans: {}\n", "apis/orders/api.yaml": "title: Orders\n"}},
    "gateway": {
        "upstreamSecrets": "upstreams",
        "ingress": {"enabled": True, "host": "api.example", "tlsSecret": "api-tls"},
    },
}


@pytest.fixture(scope="module")
def chart() -> Iterator[Any]:
    with helm.Chart.load(str(CHART)) as loaded:
        yield loaded


def render(chart: Any, values: dict[str, Any]) -> dict[tuple[str, str], Any]:
    chart.validate_schema(values)
    manifests = chart.render(values, name="edge", namespace="apis")
    return {
        (document["kind"], document["metadata"]["name"]): document
        for name, text in manifests.items()
        if name.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    }


def container(manifest: dict[str, Any]) -> dict[str, Any]:
    (only,) = manifest["spec"]["template"]["spec"]["containers"]
    return only


def test_a_gateway_is_a_sandbox_only_where_that_is_said(chart: Any) -> None:
    for gateway, said in (({}, None), ({"sandbox": True}, "true")):
        manifest = render(chart, {**VALUES, "gateway": gateway})["Deployment", "edge-ostiary-gateway"]
        variables = {row["name"]: row for row in container(manifest)["env"]}
        assert variables.get("OSTIARY_GATEWAY_SANDBOX", {}).get("value") == said


def test_several_workers_are_told_where_they_count_together(chart: Any) -> None:
    several = {"replicas": 3, "workers": 2, "sharedState": {"existingSecret": "valkey"}}
    manifest = render(chart, {**VALUES, "gateway": several})["Deployment", "edge-ostiary-gateway"]
    assert manifest["spec"]["replicas"] == 3
    variables = {row["name"]: row for row in container(manifest)["env"]}
    assert variables["OSTIARY_GATEWAY_WORKERS"]["value"] == "2"
    assert variables["OSTIARY_GATEWAY_LIMITS"]["value"] == "leased"
    assert variables["OSTIARY_GATEWAY_STATE_URL"]["valueFrom"]["secretKeyRef"] == {"name": "valkey", "key": "url"}


def test_everything_is_rendered(chart: Any) -> None:
    assert set(render(chart, VALUES)) == {
        ("ConfigMap", "edge-ostiary-estate"),
        ("PersistentVolumeClaim", "edge-ostiary-catalog"),
        ("Service", "edge-ostiary-catalog"),
        ("Deployment", "edge-ostiary-catalog"),
        ("Service", "edge-ostiary-gateway"),
        ("Deployment", "edge-ostiary-gateway"),
        ("Ingress", "edge-ostiary-gateway"),
        ("NetworkPolicy", "edge-ostiary-gateway"),
        ("NetworkPolicy", "edge-ostiary-catalog"),
    }


def test_selectors_agree(chart: Any) -> None:
    made = render(chart, VALUES)
    for component in ("catalog", "gateway"):
        deployment = made["Deployment", f"edge-ostiary-{component}"]["spec"]
        labels = deployment["template"]["metadata"]["labels"]
        service = made["Service", f"edge-ostiary-{component}"]["spec"]
        assert deployment["selector"]["matchLabels"].items() <= labels.items()
        assert service["selector"].items() <= labels.items()
        ports = {port["name"] for port in container(made["Deployment", f"edge-ostiary-{component}"])["ports"]}
        assert {port["targetPort"] for port in service["ports"]} <= ports


def test_environment_is_what_the_processes_read(chart: Any) -> None:
    made = render(chart, VALUES)
    known = {
        "catalog": {f"OSTIARY_CATALOG_{name.upper()}" for name in CatalogSettings.model_fields},
        "gateway": {f"OSTIARY_GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields},
    }
    for component, names in known.items():
        given = {entry["name"] for entry in container(made["Deployment", f"edge-ostiary-{component}"])["env"]}
        assert given <= names, f"{component} does not know {given - names}"


def test_mail_is_sent_as_the_catalog_can(chart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = {"host": "mail.example", "from": "Ostiary <ostiary@example.com>", "existingSecret": "mail"}
    made = render(chart, {**VALUES, "catalog": {**VALUES["catalog"], "mail": mail}})
    for entry in container(made["Deployment", "edge-ostiary-catalog"])["env"]:
        secret = entry.get("valueFrom", {}).get("secretKeyRef")
        assert secret is None or secret["name"] == "mail"
        monkeypatch.setenv(entry["name"], entry.get("value") or f"the {secret['key']}")
    settings = CatalogSettings()
    assert (settings.smtp_host, settings.smtp_port, settings.smtp_security) == ("mail.example", 587, "starttls")
    assert settings.notices_from == mail["from"]
    assert settings.smtp_user == "the user"
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "the password"


def test_the_estate_is_mounted_as_a_tree(chart: Any) -> None:
    made = render(chart, VALUES)
    data = made["ConfigMap", "edge-ostiary-estate"]["data"]
    volumes = made["Deployment", "edge-ostiary-catalog"]["spec"]["template"]["spec"]["volumes"]
    (items,) = [volume["configMap"]["items"] for volume in volumes if volume["name"] == "estate"]
    assert {item["path"]: data[item["key"]] for item in items} == VALUES["estate"]["files"]


def test_a_gateway_never_holds_a_private_key(chart: Any) -> None:
    pod = render(chart, VALUES)["Deployment", "edge-ostiary-gateway"]["spec"]["template"]["spec"]
    mounted = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
    keys = [secret for secret in mounted if secret["secretName"] == "ostiary-keys"]
    assert keys == [{"secretName": "ostiary-keys", "items": [{"key": "snapshot.pub", "path": "snapshot.pub"}]}]


def test_a_gateway_holds_what_api_keys_are_checked_with_where_it_is_asked_for(chart: Any) -> None:
    for asked in (False, True):
        gateway = {**VALUES["gateway"], "apiKeys": asked}
        manifest = render(chart, {**VALUES, "gateway": gateway})["Deployment", "edge-ostiary-gateway"]
        variables = {row["name"]: row.get("value") for row in container(manifest)["env"]}
        assert (variables.get("OSTIARY_GATEWAY_KEY_PEPPER") == "/key-pepper/api-keys.pepper") is asked
        volumes = {each["name"]: each for each in manifest["spec"]["template"]["spec"]["volumes"]}
        assert ("key-pepper" in volumes) is asked
        mounts = {each["name"]: each["mountPath"] for each in container(manifest)["volumeMounts"]}
        assert (mounts.get("key-pepper") == "/key-pepper") is asked


def test_pods_run_without_privileges(chart: Any) -> None:
    made = render(chart, VALUES)
    for (kind, _), manifest in made.items():
        if kind == "Deployment":
            pod = manifest["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["automountServiceAccountToken"] is False
            context = container(manifest)["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("change", "quoted"),
    [
        ({"keys": {"existingSecret": ""}}, "existingSecret"),
        ({"gateway": {"replicas": 2}}, "sharedState"),
        ({"gateway": {"workers": 2, "sharedState": {"existingSecret": ""}}}, "existingSecret"),
        ({"catalog": {"url": "ftp://catalog"}}, "url"),
        ({"gateway": {"ingress": {"enabled": True, "host": ""}}}, "host"),
        ({"gateway": {"tls": {"clientCaSecret": "partners-ca"}}}, "existingSecret"),
        ({"gateway": {"tls": {"clientVerify": "never"}}}, "clientVerify"),
        ({"catalog": {"url": "https://catalog.example", "mail": {"host": "mail.example"}}}, "from"),
        ({"gatway": {}}, "gatway"),
    ],
)
def test_values_that_cannot_work_are_refused(chart: Any, change: dict[str, Any], quoted: str) -> None:
    with pytest.raises(helm.HelmError, match=quoted):
        chart.validate_schema({**VALUES, **change})


def test_without_an_estate_there_is_no_release(chart: Any) -> None:
    with pytest.raises(helm.HelmError, match="without an estate there is nothing to publish"):
        chart.render({**VALUES, "estate": {}}, name="edge", namespace="apis")


def test_an_estate_of_ones_own(chart: Any) -> None:
    own = {"name": "mine", "items": [{"key": "a", "path": "ostiary.yaml"}]}
    made = render(chart, {**VALUES, "estate": {"existingConfigMap": own}})
    assert ("ConfigMap", "edge-ostiary-estate") not in made
    volumes = made["Deployment", "edge-ostiary-catalog"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "estate", "configMap": own} in volumes


def test_a_pod_gets_the_time_that_its_gateway_takes_to_end(chart: Any) -> None:
    values = {**VALUES, "gateway": {**VALUES["gateway"], "drainDelay": 7, "drain": 30}}
    deployment = render(chart, values)["Deployment", "edge-ostiary-gateway"]
    given = {entry["name"]: entry.get("value") for entry in container(deployment)["env"]}
    assert (given["OSTIARY_GATEWAY_DRAIN_DELAY"], given["OSTIARY_GATEWAY_DRAIN"]) == ("7", "30")
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 37


def test_partners_reach_the_endpoints_of_oauth_and_nothing_else_of_the_catalog(chart: Any) -> None:
    catalog = {**VALUES["catalog"], "ingress": {"enabled": True, "host": "login.example"}}
    made = render(chart, {**VALUES, "catalog": catalog})
    (rule,) = made["Ingress", "edge-ostiary-catalog"]["spec"]["rules"]
    assert rule["host"] == "login.example"
    assert {(path["path"], path["pathType"]) for path in rule["http"]["paths"]} == {
        ("/oauth/token", "Exact"),
        ("/oauth/jwks", "Exact"),
        ("/oauth/revoke", "Exact"),
        ("/oauth/introspect", "Exact"),
        ("/oauth/par", "Exact"),
        ("/oauth/register/", "Prefix"),
        ("/.well-known/oauth-authorization-server", "Exact"),
    }


def test_an_insecure_url_is_a_choice(chart: Any) -> None:
    name = "OSTIARY_CATALOG_ALLOW_INSECURE_URL"
    for chosen in (False, True):
        made = render(chart, {**VALUES, "catalog": {**VALUES["catalog"], "allowInsecureUrl": chosen}})
        given = {entry["name"] for entry in container(made["Deployment", "edge-ostiary-catalog"])["env"]}
        assert (name in given) is chosen


def test_the_gateway_speaks_tls_where_it_has_a_secret_for_it(chart: Any) -> None:
    tls = {"existingSecret": "api-tls", "clientCaSecret": "partners-ca", "clientVerify": "required"}
    made = render(chart, {**VALUES, "gateway": {**VALUES["gateway"], "tls": tls}})
    deployment = made["Deployment", "edge-ostiary-gateway"]
    gateway = container(deployment)
    given = {entry["name"]: entry.get("value") for entry in gateway["env"]}
    known = {f"OSTIARY_GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields}
    assert given.keys() <= known
    mounts = {mount["mountPath"]: mount["name"] for mount in gateway["volumeMounts"]}
    volumes = {
        volume["name"]: volume.get("secret") for volume in deployment["spec"]["template"]["spec"]["volumes"]
    }
    for name, secret in (("CERT", "api-tls"), ("KEY", "api-tls"), ("CLIENT_CA", "partners-ca")):
        directory = given[f"OSTIARY_GATEWAY_TLS_{name}"].rpartition("/")[0]
        assert volumes[mounts[directory]]["secretName"] == secret
    assert given["OSTIARY_GATEWAY_TLS_CLIENT_VERIFY"] == "required"
    (port,) = made["Service", "edge-ostiary-gateway"]["spec"]["ports"]
    assert port["appProtocol"] == "https"

    plain = container(render(chart, VALUES)["Deployment", "edge-ostiary-gateway"])
    assert not [entry for entry in plain["env"] if "TLS" in entry["name"]]


def test_lint_has_nothing_to_say() -> None:
    report = helm.lint(str(CHART), VALUES)
    assert [message for message in report["messages"] if "icon" not in message["error"]] == []


def test_members_log_in_through_a_provider_whose_secret_is_a_file(chart: Any) -> None:
    provider = {
        "issuer": "https://login.example",
        "clientId": "ostiary",
        "existingSecret": "provider",
        "amr": "mfa",
    }
    login = {"provider": provider, "trustedProxies": "10.0.0.0/8", "onIngress": True}
    ingress = {"enabled": True, "host": "catalog.example"}
    catalog = {**VALUES["catalog"], "login": login, "ingress": ingress}
    manifests = render(chart, {**VALUES, "catalog": catalog})
    only = container(manifests["Deployment", "edge-ostiary-catalog"])
    variables = {row["name"]: row["value"] for row in only["env"]}
    known = {f"OSTIARY_CATALOG_{name.upper()}" for name in CatalogSettings.model_fields}
    assert set(variables) <= known
    assert variables["OSTIARY_CATALOG_PROVIDER_ISSUER"] == "https://login.example"
    assert variables["OSTIARY_CATALOG_PROVIDER_MEMBER_CLAIM"] == "email"
    assert variables["OSTIARY_CATALOG_TRUSTED_PROXIES"] == "10.0.0.0/8"
    [mount] = [each for each in only["volumeMounts"] if each["name"] == "provider"]
    assert variables["OSTIARY_CATALOG_PROVIDER_CLIENT_SECRET_FILE"] == f"{mount['mountPath']}/client-secret"
    [rule] = manifests["Ingress", "edge-ostiary-catalog"]["spec"]["rules"]
    kinds = {each["path"]: each["pathType"] for each in rule["http"]["paths"]}
    assert (kinds["/oauth/token"], kinds["/login/"], kinds["/logout"]) == ("Exact", "Prefix", "Exact")


def test_a_provider_is_given_whole(chart: Any) -> None:
    login = {"provider": {"issuer": "https://login.example"}}
    with pytest.raises(helm.HelmError, match="clientId"):
        render(chart, {**VALUES, "catalog": {**VALUES["catalog"], "login": login}})
