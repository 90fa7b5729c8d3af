"""Alerts arrive: a real Prometheus and a real Alertmanager, to a mail, an SMS and a webhook."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

from components.facts import TenantFacts
from components.observability import files
from plane import pki
from plane.binaries import tools
from plane.progress import Silent
from tests.integration.kubectl import eventually
from tests.integration.local_aws import REGION
from tests.observability.programs import Alertmanager, alertmanager, prometheus, samples
from tests.observability.sinks import LOOPBACK, HttpSink, MailSink, http_sink, mail_sink
from tests.unit.test_monitoring import addon, objects

pytestmark = [pytest.mark.plane, pytest.mark.timeout(900)]
LIMIT = 60.0
NUMBER = "+4915112345678"
SHOP = {"cluster": "shop", "namespace": "shop"}
RESTARTS = "kube_pod_container_status_restarts_total"
REASON = "kube_pod_container_status_last_terminated_reason"
POD = 'namespace="shop",pod="web",container="app"'
USERS_RULES = """
groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: shop_up == 0
        labels: {severity: critical, namespace: shop}
        annotations: {summary: "nobody can buy: \\"{{ $value }}\\""}
"""


@pytest.fixture(scope="module")
def programs() -> Path:
    return tools.alertmanager(Silent())


@pytest.fixture
def mail() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


@pytest.fixture
def web() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def sns() -> Iterator[str]:
    server = ThreadedMotoServer(LOOPBACK, 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def server(mail: MailSink, **more: Any) -> dict[str, Any]:
    """The mail server's settings."""
    least = {"from": "caas@example.com", "to": ["ops@example.com"]}
    return least | {"host": LOOPBACK, "port": mail.port, "tls": "none"} | more


def alert(name: str, severity: str = "warning", **labels: str) -> dict[str, str]:
    return {"alertname": name, "severity": severity} | SHOP | labels


def came(mail: MailSink, *words: str) -> None:
    """Waits until there is a mail about each word."""
    eventually(lambda: all(mail.of(word) for word in words), LIMIT, poll=0.1)


class TestFromMetricToPeople:
    def test_a_mail_and_an_sms(
        self, mail: MailSink, web: HttpSink, sns: str, tmp_path: Path
    ) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "shop.yaml").write_text(USERS_RULES)
        with mock.patch.object(files, "CHECKOUT", tmp_path):
            delivered = objects(addon("monitoring", {"rules": "mine"}), "PrometheusRule")
        web.metrics = f'{RESTARTS}{{{POD}}} 0\n{REASON}{{{POD},reason="OOMKilled"}} 1\nshop_up 1\n'
        alerts = {
            "email": server(mail, user="caas", passwordSecret="smtp"),
            "sms": {
                "sns": {"region": REGION, "secret": "sns", "endpoint": sns},
                "numbers": [NUMBER],
            },
        }
        key = "[default]\naws_access_key_id = local\naws_secret_access_key = local\n"
        secrets = {"smtp/password": "se cret\n", "sns/credentials": key}
        folder = tmp_path / "alertmanager"
        environment = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "secrets/sns/credentials")}
        sent = sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages
        sent.clear()
        rules = list(delivered.values())
        with (
            alertmanager(
                tools.alertmanager(Silent()), folder, alerts, secrets, environment
            ) as manager,
            prometheus(
                tools.prometheus(Silent()), tmp_path / "prometheus", web.url, rules, manager.told
            ) as url,
        ):
            scraped = f"{RESTARTS}{{{POD}}} 0"
            eventually(lambda: bool(samples(url, f"{RESTARTS} == 0")), LIMIT)
            assert not mail.mails
            web.metrics = web.metrics.replace(scraped, f"{RESTARTS}{{{POD}}} 3")
            web.metrics = web.metrics.replace("shop_up 1", "shop_up 0")
            came(mail, "FIRING ContainerOutOfMemory", "FIRING ShopDown")
            eventually(lambda: bool(sent), LIMIT)
            web.metrics = web.metrics.replace("shop_up 0", "shop_up 1")
            came(mail, "RESOLVED ShopDown")
        (first,) = mail.of("FIRING ContainerOutOfMemory")
        assert " ".join(str(first["Subject"]).split()) == (
            "FIRING ContainerOutOfMemory in shop/shop: app of shop/web runs out of memory"
        )
        assert first["To"] == "ops@example.com"
        assert mail.logins[0] == ("caas", "se cret")
        text = first.get_body(("html",))
        assert text
        assert "docs/runbooks/alerts.md#containeroutofmemory" in text.get_content()
        assert next(iter(sent.values())) == (
            NUMBER,
            'FIRING ShopDown in shop/shop: nobody can buy: "0"',
        )


def test_a_mail_is_encrypted_for_a_server_that_is_known(programs: Path, tmp_path: Path) -> None:
    keys = tmp_path / "pki"
    pki.ensure(keys, LOOPBACK)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(keys / "kube-apiserver.crt", keys / "kube-apiserver.key")
    secrets = {"ca/ca.crt": (keys / "ca.crt").read_text()}
    with mail_sink(tls) as mail:
        alerts = {"email": server(mail, tls="starttls", caSecret="ca")}
        with alertmanager(programs, tmp_path / "am", alerts, secrets) as manager:
            manager.tell(alert("ShopSlow"))
            came(mail, "ShopSlow")
        assert mail.encrypted


class TestGateway:
    def test_it_gets_the_json_that_it_wants(
        self, programs: Path, web: HttpSink, tmp_path: Path
    ) -> None:
        webhook = {
            "urlSecret": "gateway",
            "tokenSecret": "gateway",
            "payload": {
                "recipients": ["{number}"],
                "message": {"body": "{text}", "urgent": True, "ttl": 60},
                "state": "{status}: {alert} ({severity})",
            },
        }
        alerts = {"sms": {"webhook": webhook, "numbers": [NUMBER, "+15551234567"]}}
        secrets = {"gateway/url": f"{web.url}/sms", "gateway/token": "se cret"}
        summary = 'no: "milk" \u2026 {{ none }}\nat all: {a: 1}'
        with alertmanager(programs, tmp_path / "am", alerts, secrets) as manager:
            manager.tell(alert("ShopDown", "critical"), summary=summary)
            eventually(lambda: len(web.to("/sms")) == 2, LIMIT)
        bodies = {request.body["recipients"][0]: request.body for request in web.to("/sms")}
        assert bodies[NUMBER] == {
            "recipients": [NUMBER],
            "message": {
                "body": f"FIRING ShopDown in shop/shop: {summary}",
                "urgent": True,
                "ttl": 60,
            },
            "state": "firing: ShopDown (critical)",
        }
        assert {request.authorization for request in web.requests} == {"Bearer se cret"}

    def test_a_login_is_sent(self, programs: Path, web: HttpSink, tmp_path: Path) -> None:
        webhook = {"url": f"{web.url}/sms", "user": "caas", "passwordSecret": "sms"}
        alerts = {"sms": {"webhook": webhook, "numbers": [NUMBER]}}
        with alertmanager(programs, tmp_path / "am", alerts, {"sms/password": "a:b"}) as manager:
            manager.tell(alert("ShopDown", "critical"))
            eventually(lambda: bool(web.to("/sms")), LIMIT)
        (request,) = web.to("/sms")
        assert base64.b64decode(request.authorization.split()[1]).decode() == "caas:a:b"
        assert request.body["to"] == NUMBER


class TestRooms:
    def test_a_heartbeat_comes_again_and_again(
        self, programs: Path, web: HttpSink, tmp_path: Path
    ) -> None:
        alerts = {"heartbeat": {"urlSecret": "beat", "interval": "1s"}}
        secrets = {"beat/url": f"{web.url}/beat"}
        with alertmanager(programs, tmp_path / "am", alerts, secrets) as manager:
            manager.tell(alert("Watchdog", "none"))
            eventually(lambda: len(web.to("/beat")) >= 3, LIMIT)

    def test_a_chat_hears_of_what_a_team_gets(
        self, programs: Path, mail: MailSink, web: HttpSink, tmp_path: Path
    ) -> None:
        alerts = {
            "email": server(mail),
            "webhooks": [{"name": "chat", "url": f"{web.url}/chat"}],
            "teams": [{"name": "shop", "namespaces": ["shop"], "email": ["shop@example.com"]}],
        }
        with alertmanager(programs, tmp_path / "am", alerts) as manager:
            manager.tell(alert("ShopSlow"))
            came(mail, "ShopSlow")
            eventually(lambda: bool(web.to("/chat")), LIMIT)
        assert mail.mails[0]["To"] == "shop@example.com"
        assert web.to("/chat")[0].body["commonLabels"]["alertname"] == "ShopSlow"


def test_alerts_of_a_tenant_are_its_own(
    programs: Path, mail: MailSink, web: HttpSink, tmp_path: Path
) -> None:
    """Its mail and its room get them and nothing else; the platform gets the rest."""
    rooms = [
        {"name": name, "url": f"{web.url}/{name}", "forTenants": True} for name in ("shop", "pay")
    ]
    alerts = {"email": server(mail), "webhooks": rooms}
    shop = TenantFacts("shop", ("shop", "cart"), receivers=("leads@example.com", "shop"))
    with alertmanager(programs, tmp_path / "am", alerts, tenants=[shop]) as manager:
        manager.tell(alert("CartSlow", namespace="cart"), alert("NodeLost", namespace=""))
        manager.tell(alert("PaySlow", namespace="pay"))
        came(mail, "CartSlow", "NodeLost", "PaySlow")
        eventually(lambda: bool(web.to("/shop")), LIMIT)
        manager.tell(alert("Later"))
        came(mail, "Later")
    to = {str(each["Subject"]).split()[1]: each["To"] for each in mail.mails}
    assert to == {
        "CartSlow": "leads@example.com",
        "Later": "leads@example.com",
        "NodeLost": "ops@example.com",
        "PaySlow": "ops@example.com",
    }
    names = {each.body["commonLabels"]["alertname"] for each in web.to("/shop")}
    assert "CartSlow" in names <= {"CartSlow", "Later"}
    assert not web.to("/pay")


class TestQuiet:
    """Alerts that are not sent; a mail about a later alert shows that their time has passed."""

    @pytest.fixture
    def manager(self, programs: Path, mail: MailSink, tmp_path: Path) -> Iterator[Alertmanager]:
        with alertmanager(programs, tmp_path / "am", {"email": server(mail)}) as found:
            yield found

    def test_alerts_of_a_group_are_one_mail(self, manager: Alertmanager, mail: MailSink) -> None:
        manager.tell(*(alert("ShopSlow", pod=f"web-{n}") for n in range(3)))
        came(mail, "ShopSlow")
        manager.tell(alert("Later"))
        came(mail, "Later")
        (only,) = (subject for subject in mail.subjects if "ShopSlow" in subject)
        assert only.endswith("(3 alerts)")

    def test_a_silence(self, manager: Alertmanager, mail: MailSink) -> None:
        silence = ("silence", "add", "--comment=maintenance", "--author=me", "alertname=ShopSlow")
        manager.tool(*silence)
        manager.tell(alert("ShopSlow"))
        eventually(lambda: manager.status("ShopSlow")["state"] == "suppressed", LIMIT)
        assert manager.status("ShopSlow")["silencedBy"]
        manager.tell(alert("Later"))
        came(mail, "Later")
        assert not mail.of("ShopSlow")

    def test_a_cause_silences_its_effects(self, manager: Alertmanager, mail: MailSink) -> None:
        manager.tell(alert("ClusterNotAvailable", "critical"))
        came(mail, "ClusterNotAvailable")
        manager.tell(alert("ShopSlow"), alert("FarAway", cluster="other"))
        came(mail, "FarAway")
        manager.tell(alert("Later", cluster="other"))
        came(mail, "Later")
        assert not mail.of("ShopSlow")
        assert manager.status("ShopSlow")["inhibitedBy"]

    def test_the_worse_of_two_is_told(self, manager: Alertmanager, mail: MailSink) -> None:
        manager.tell(alert("DiskFull", "critical"))
        came(mail, "DiskFull")
        manager.tell(alert("DiskFull"))
        manager.tell(alert("Later"))
        came(mail, "Later")
        eventually(lambda: len(mail.of("DiskFull")) == 1, LIMIT)

    def test_quiet_hours(self, programs: Path, mail: MailSink, tmp_path: Path) -> None:
        always = {"begin": "00:00", "end": "24:00", "timeZone": "Europe/Berlin"}
        alerts = {"email": server(mail), "quietHours": [always]}
        with alertmanager(programs, tmp_path / "am", alerts) as manager:
            manager.tell(alert("ShopSlow"))
            manager.tell(alert("ShopDown", "critical"))
            came(mail, "ShopDown")
            manager.tell(alert("Later", "critical"))
            came(mail, "Later")
        assert not mail.of("ShopSlow")


ROUTES = {
    "email": {"host": "smtp.example.com", "from": "caas@example.com", "to": ["ops@example.com"]},
    "sms": {"sns": {"region": REGION}, "numbers": [NUMBER]},
    "webhooks": [
        {"name": "chat", "url": "https://chat.example.com"},
        {"name": "lab", "url": "https://lab.example.com", "forTenants": True},
    ],
    "teams": [
        {"name": "shop", "namespaces": ["shop", "cart"], "email": ["shop@example.com"]},
        {"name": "pay", "sms": ["+15551234567"]},
    ],
    "quietHours": [{"begin": "22:00", "end": "07:00", "timeZone": "Europe/Berlin"}],
    "heartbeat": {"url": "https://beat.example.com"},
}


TENANTS = [
    TenantFacts("store", ("cart", "store"), receivers=("store@example.com",)),
    TenantFacts("quiet", ("quiet",)),
    TenantFacts("late", ("late",), receivers=("pay",)),
]
LAB = TenantFacts("lab", ("lab-web",), whole_cluster=True, receivers=("lab",))
PLATFORM = ["caas-.*", "kube-.*", "monitoring"]


@pytest.fixture(scope="module")
def routes(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    folder = tmp_path_factory.mktemp("routes") / "am"
    with alertmanager(programs, folder, ROUTES, tenants=TENANTS) as found:
        yield found


@pytest.fixture(scope="module")
def whole(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    folder = tmp_path_factory.mktemp("whole") / "am"
    with alertmanager(programs, folder, ROUTES, tenants=[LAB], platform=PLATFORM) as found:
        yield found


def test_amtool_takes_the_configuration(routes: Alertmanager) -> None:
    said = routes.tool("check-config", str(routes.file))
    assert "SUCCESS" in said


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("severity=critical", "webhook-chat,operators-critical"),
        ("severity=warning", "webhook-chat,operators-warning"),
        ("severity=info", "nobody"),
        ("severity=page", "webhook-chat,operators-warning"),
        ("alertname=Lost", "webhook-chat,operators-warning"),
        ("alertname=Watchdog severity=none", "heartbeat"),
        ("alertname=InfoInhibitor severity=none", "nobody"),
        ("namespace=shop severity=warning", "webhook-chat,team-shop-warning"),
        ("namespace=shop severity=critical", "webhook-chat,team-shop-critical"),
        ("namespace=cart severity=critical", "webhook-chat,tenant-store-critical"),
        ("namespace=store severity=warning", "webhook-chat,tenant-store-warning"),
        ("namespace=store severity=info", "nobody"),
        ("namespace=stores severity=warning", "webhook-chat,operators-warning"),
        ("namespace=quiet severity=warning", "webhook-chat,operators-warning"),
        ("namespace=late severity=critical", "webhook-chat,tenant-late-critical"),
        ("team=pay namespace=store severity=critical", "webhook-chat,team-pay-critical"),
        ("namespace=cartoon severity=critical", "webhook-chat,operators-critical"),
        ("team=pay namespace=shop severity=critical", "webhook-chat,team-pay-critical"),
        ("team=shop severity=page", "webhook-chat,team-shop-warning"),
        ("team=nobody severity=warning", "webhook-chat,operators-warning"),
    ],
)
def test_who_is_told(routes: Alertmanager, labels: str, receivers: str) -> None:
    said = routes.tool("config", "routes", "test", f"--config.file={routes.file}", *labels.split())
    assert said.strip() == receivers


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("namespace=lab-web severity=warning", "webhook-chat,webhook-lab"),
        ("namespace=of-its-owners severity=critical", "webhook-chat,webhook-lab"),
        ("namespace=of-its-owners severity=info", "nobody"),
        ("namespace=kube-system severity=warning", "webhook-chat,operators-warning"),
        ("namespace=monitoring severity=critical", "webhook-chat,operators-critical"),
        ("alertname=NodeLost severity=critical", "webhook-chat,operators-critical"),
    ],
)
def test_who_is_told_in_a_whole_cluster(whole: Alertmanager, labels: str, receivers: str) -> None:
    said = whole.tool("config", "routes", "test", f"--config.file={whole.file}", *labels.split())
    assert said.strip().removesuffix(",nobody") == receivers
