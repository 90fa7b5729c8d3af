"""The alert settings of a stack file, and the configuration of Alertmanager made from them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.facts import TenantFacts
from components.observability.alert_settings import Alerts, TimeOfDay
from components.observability.alertmanager import configuration, secrets_of
from components.observability.messages import body
from errors import Code, stack_file
from errors import observability as codes
from tests.unit.test_monitoring import found_in

EMAIL = {"host": "smtp.example.com", "from": "caas@example.com", "to": ["ops@example.com"]}
NUMBER = "+4915112345678"
SNS = {"sns": {"region": "eu-central-1"}, "numbers": [NUMBER]}
GATEWAY = {"webhook": {"url": "https://sms.example.com"}, "numbers": [NUMBER]}


def made(alerts: dict[str, Any]) -> dict[str, Any]:
    return configuration(Alerts.model_validate(alerts))


def of_tenants(*tenants: TenantFacts, **alerts: Any) -> dict[str, Any]:
    """The configuration with tenants."""
    settings = Alerts.model_validate(alerts)
    return configuration(settings, tenants=tenants, platform=["kube-.*", "monitoring"])


def receiver(config: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in config["receivers"] if each["name"] == name)
    return dict(found)


class TestEmail:
    def test_three_lines_are_enough(self) -> None:
        config = made({"email": EMAIL})
        assert config["global"] == {
            "resolve_timeout": "5m",
            "smtp_smarthost": "smtp.example.com:587",
            "smtp_from": "caas@example.com",
            "smtp_require_tls": True,
        }
        assert config["route"]["receiver"] == "operators-warning"
        names = {each["name"] for each in config["receivers"]}
        assert names == {"nobody", "operators-critical", "operators-warning"}
        (mail,) = receiver(config, "operators-critical")["email_configs"]
        assert mail["to"] == "ops@example.com"

    def test_the_sender_logs_in_where_only_a_password_is_named(self) -> None:
        server = made({"email": EMAIL | {"passwordSecret": "smtp"}})["global"]
        assert server["smtp_auth_username"] == "caas@example.com"
        assert server["smtp_auth_password_file"] == "/etc/alertmanager/secrets/smtp/password"

    def test_implicit_tls_asks_for_no_starttls(self) -> None:
        server = made({"email": EMAIL | {"tls": "implicit", "port": 465}})["global"]
        assert server["smtp_force_implicit_tls"]
        assert not server["smtp_require_tls"]

    def test_an_authority_of_ones_own_is_a_file(self) -> None:
        server = made({"email": EMAIL | {"caSecret": "ca"}})["global"]
        assert server["smtp_tls_config"] == {"ca_file": "/etc/alertmanager/secrets/ca/ca.crt"}

    def test_only_the_named_severities_are_mailed(self) -> None:
        config = made({"email": EMAIL | {"severities": ["info"]}})
        assert {each["name"] for each in config["receivers"]} == {"nobody", "operators-info"}


class TestSms:
    def test_sns_gets_a_message_per_number(self) -> None:
        sms = SNS | {"numbers": [NUMBER, "+15551234567"]}
        found = receiver(made({"sms": sms}), "operators-critical")["sns_configs"]
        assert [each["phone_number"] for each in found] == [NUMBER, "+15551234567"]
        assert found[0]["sigv4"] == {"region": "eu-central-1"}

    def test_a_topic_has_the_numbers(self) -> None:
        sns = SNS["sns"] | {
            "topic": "arn:aws:sns:eu-central-1:1:oncall",
            "role": "arn:aws:iam::1:r",
        }
        teams = [{"name": "shop", "sms": [NUMBER]}]
        config = made({"sms": {"sns": sns}, "teams": teams})
        (own,) = receiver(config, "team-shop-critical")["sns_configs"]
        assert own["phone_number"] == NUMBER
        (found,) = receiver(config, "operators-critical")["sns_configs"]
        assert found["topic_arn"].endswith(":oncall")
        assert found["sigv4"]["role_arn"] == "arn:aws:iam::1:r"
        assert "phone_number" not in found

    def test_another_gateway_gets_its_own_payload(self) -> None:
        webhook = {
            "urlSecret": "gateway",
            "tokenSecret": "gateway",
            "payload": {"to": ["{number}"], "body": "{text}", "ttl": 60},
        }
        sms = {"webhook": webhook, "numbers": [NUMBER]}
        (hook,) = receiver(made({"sms": sms}), "operators-critical")["webhook_configs"]
        assert hook["url_file"] == "/etc/alertmanager/secrets/gateway/url"
        assert hook["http_config"]["authorization"]["credentials_file"].endswith("/gateway/token")
        assert hook["payload"].endswith(
            '{ "to": [ "+4915112345678" ], "body": {{ print $line | toJson }}, "ttl": 60 }'
        )

    def test_a_login_is_a_file_too(self) -> None:
        webhook = {"url": "https://sms.example.com", "user": "caas", "passwordSecret": "sms"}
        sms = {"webhook": webhook | {"caSecret": "ca"}, "numbers": [NUMBER]}
        (hook,) = receiver(made({"sms": sms}), "operators-critical")["webhook_configs"]
        login = {"username": "caas", "password_file": "/etc/alertmanager/secrets/sms/password"}
        authority = {"ca_file": "/etc/alertmanager/secrets/ca/ca.crt"}
        assert hook["http_config"] == {"basic_auth": login, "tls_config": authority}
        assert secrets_of(Alerts.model_validate({"sms": sms})) == ["ca", "sms"]

    def test_texts_that_look_like_templates_stay_texts(self) -> None:
        assert body({"a": "{{ x }} {status}"}).endswith(
            '{ "a": {{ print "{{ x }} " .Status | toJson }} }'
        )
        assert body({"a": "{{ x }}"}).endswith('{ "a": {{ "{{ x }}" | toJson }} }')

    def test_a_number_needs_no_quotes(self) -> None:
        sms = SNS | {"numbers": [4915112345678]}  # as YAML reads +4915112345678
        (found,) = receiver(made({"sms": sms}), "operators-critical")["sns_configs"]
        assert found["phone_number"] == NUMBER


class TestTeams:
    ALERTS: dict[str, Any] = {  # noqa: RUF012 - nothing changes it
        "email": EMAIL,
        "sms": SNS,
        "teams": [
            {"name": "shop", "namespaces": ["shop", "cart"], "email": ["shop@example.com"]},
            {"name": "pay", "sms": ["+15551234567"]},
        ],
    }

    def test_who_names_nobody_leaves_it_to_the_operators(self) -> None:
        config = made(self.ALERTS)
        shop = receiver(config, "team-shop-critical")
        assert shop["email_configs"][0]["to"] == "shop@example.com"
        assert shop["sns_configs"][0]["phone_number"] == NUMBER
        pay = receiver(config, "team-pay-critical")
        assert pay["email_configs"][0]["to"] == "ops@example.com"
        assert pay["sns_configs"][0]["phone_number"] == "+15551234567"

    def test_a_label_goes_before_a_namespace(self) -> None:
        routes = [each.get("matchers") for each in made(self.ALERTS)["route"]["routes"]]
        label, space = routes.index(['team = "pay"']), routes.index(['namespace =~ "shop|cart"'])
        assert label < space


def test_webhooks_get_what_others_get_too() -> None:
    config = made({"email": EMAIL, "webhooks": [{"name": "chat", "url": "https://c.example.com"}]})
    routes = [each for each in config["route"]["routes"] if each.get("continue")]
    assert {each["receiver"] for each in routes} == {"webhook-chat"}


def test_a_heartbeat_comes_each_interval() -> None:
    config = made({"heartbeat": {"urlSecret": "heartbeat", "interval": "2m"}})
    first = config["route"]["routes"][0]
    assert first["receiver"] == "heartbeat"
    # Once for all replicas, which hear of each other in seconds, and again in the next interval.
    assert (first["group_interval"], first["repeat_interval"]) == ("2m", "1m")
    (hook,) = receiver(config, "heartbeat")["webhook_configs"]
    assert hook["send_resolved"] is False
    assert secrets_of(Alerts.model_validate({"heartbeat": {"urlSecret": "b"}})) == ["b"]


class TestQuietHours:
    def spans(self, **quiet: Any) -> list[dict[str, Any]]:
        config = made({"email": EMAIL, "quietHours": [quiet]})
        (interval,) = config["time_intervals"]
        return list(interval["time_intervals"])

    def test_beyond_midnight_they_are_two_spans(self) -> None:
        first, second = self.spans(
            begin="22:00", end="07:00", days=["friday", "sunday"], timeZone="Europe/Berlin"
        )
        assert first["times"] == [{"start_time": "22:00", "end_time": "24:00"}]
        assert first["weekdays"] == ["friday", "sunday"]
        assert second["times"] == [{"start_time": "00:00", "end_time": "07:00"}]
        assert second["weekdays"] == ["saturday", "monday"]
        assert second["location"] == "Europe/Berlin"

    def test_within_a_day_they_are_one(self) -> None:
        assert len(self.spans(begin="0:00", end="24:00", days=["sunday"])) == 1
        assert len(self.spans(begin="22:00", end="0:00")) == 1

    def test_critical_alerts_never_wait(self) -> None:
        config = made({"email": EMAIL, "quietHours": [{"begin": "22:00", "end": "07:00"}]})
        levels = {each["matchers"][0]: each for each in config["route"]["routes"]}
        assert levels['severity !~ "critical|info"']["mute_time_intervals"] == ["quiet-1"]
        assert "mute_time_intervals" not in levels['severity = "critical"']
        with pytest.raises(ValidationError):
            self.spans(begin="22:00", end="07:00", severities=["critical"])

    @pytest.mark.parametrize(
        ("value", "minutes"), [("22:00", 1320), (1320, 1320), ("7:05", 425), ("24:00", 1440)]
    )
    def test_times_as_yaml_reads_them(self, value: object, minutes: int) -> None:
        assert TimeOfDay.read(value) == TimeOfDay(minutes)
        assert TimeOfDay.read(str(TimeOfDay(minutes))) == TimeOfDay(minutes)

    @pytest.mark.parametrize("value", ["25:00", "24:01", "22", 22, True, None, "22:60", 1441])
    def test_what_is_no_time(self, value: object) -> None:
        with pytest.raises(ValidationError) as caught:
            Alerts.model_validate({"quietHours": [{"begin": value, "end": "07:00"}]})
        assert caught.value.errors()[0]["type"] == stack_file.OUT_OF_RANGE.reason


@pytest.mark.parametrize(
    ("alerts", "code", "path"),
    [
        ({"email": EMAIL | {"user": "a"}}, codes.HALF_CREDENTIALS, ("email", "user")),
        ({"heartbeat": {}}, codes.WEBHOOK_ADDRESS, ("heartbeat",)),
        (
            {"heartbeat": {"url": "https://h", "urlSecret": "h"}},
            codes.WEBHOOK_ADDRESS,
            ("heartbeat",),
        ),
        (
            {"heartbeat": {"url": "https://h", "passwordSecret": "h"}},
            codes.HALF_CREDENTIALS,
            ("heartbeat",),
        ),
        (
            {
                "heartbeat": {
                    "url": "https://h",
                    "user": "a",
                    "passwordSecret": "h",
                    "tokenSecret": "h",
                }
            },
            codes.HALF_CREDENTIALS,
            ("heartbeat",),
        ),
        ({"sms": {"numbers": [NUMBER]}}, codes.NO_SMS_GATEWAY, ("sms",)),
        ({"sms": SNS | GATEWAY}, codes.NO_SMS_GATEWAY, ("sms",)),
        ({"sms": {"sns": {"region": "eu-central-1"}}}, codes.NO_SMS_NUMBERS, ("sms",)),
        (
            {"sms": GATEWAY | {"webhook": {"url": "https://s", "payload": {"a": ["{body}"]}}}},
            codes.UNKNOWN_PLACEHOLDER,
            ("sms", "webhook", "payload"),
        ),
        (
            {"heartbeat": {"url": "https://h", "payload": {"a": {"b": "{number}"}}}},
            codes.UNKNOWN_PLACEHOLDER,
            ("heartbeat", "payload"),
        ),
        (
            {"sms": SNS, "teams": [{"name": "shop", "email": ["a@example.com"]}]},
            codes.NO_MAIL_SERVER,
            ("teams", 0, "email"),
        ),
        (
            {"email": EMAIL, "teams": [{"name": "shop", "sms": [NUMBER]}]},
            codes.NO_SMS_GATEWAY,
            ("teams", 0, "sms"),
        ),
        (
            {"email": EMAIL, "teams": [{"name": "shop"}, {"name": "shop"}]},
            codes.SAME_NAME_TWICE,
            ("teams", 1, "name"),
        ),
        (
            {
                "email": EMAIL,
                "teams": [{"name": "a", "namespaces": ["x"]}, {"name": "b", "namespaces": ["x"]}],
            },
            codes.SAME_NAME_TWICE,
            ("teams", 1, "namespaces"),
        ),
        (
            {"webhooks": [{"name": "a", "url": "https://a"}, {"name": "a", "url": "https://b"}]},
            codes.SAME_NAME_TWICE,
            ("webhooks", 1, "name"),
        ),
        (
            {"email": EMAIL, "quietHours": [{"begin": "7:00", "end": "07:00"}]},
            codes.QUIET_HOURS_EMPTY,
            ("quietHours", 0),
        ),
        (
            {"email": EMAIL, "quietHours": [{"begin": "1:00", "end": "07:00", "days": []}]},
            codes.QUIET_HOURS_EMPTY,
            ("quietHours", 0),
        ),
        ({"quietHours": [{"begin": "1:00", "end": "07:00"}]}, codes.NOBODY_TOLD, ("quietHours",)),
        ({"teams": [{"name": "shop"}]}, codes.NOBODY_TOLD, ("teams",)),
    ],
)
def test_what_is_wrong(alerts: dict[str, Any], code: Code, path: tuple[str | int, ...]) -> None:
    assert found_in({"alerts": alerts}) == [(code, ("alerts", *path))]


def test_a_time_zone_must_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    zones = "components.observability.rules_of_settings.zones"
    monkeypatch.setattr(zones, lambda: {"Europe/Berlin"})
    quiet = {"begin": "22:00", "end": "07:00", "timeZone": "Europe/Berln"}
    found = found_in({"alerts": {"email": EMAIL, "quietHours": [quiet]}})
    assert found == [(codes.QUIET_HOURS_EMPTY, ("alerts", "quietHours", 0))]
    monkeypatch.setattr(zones, set)  # a machine without a database of them
    assert not found_in({"alerts": {"email": EMAIL, "quietHours": [quiet]}})


class TestTenants:
    """The routes themselves are held by amtool, in `tests/integration/test_alert_delivery.py`."""

    def test_a_tenant_without_receivers_has_no_route(self) -> None:
        tenants = (TenantFacts("shop", ("web",)), TenantFacts("pay", receivers=("a@example.com",)))
        assert of_tenants(*tenants, email=EMAIL) == made({"email": EMAIL})

    def test_mail_and_a_team_are_one_receiver(self) -> None:
        shop = TenantFacts("shop", ("web",), receivers=("a@example.com", "night"))
        team = {"name": "night", "email": ["b@example.com"], "sms": [NUMBER]}
        config = of_tenants(shop, email=EMAIL, sms=SNS, teams=[team])
        critical = receiver(config, "tenant-shop-critical")
        assert critical["email_configs"][0]["to"] == "a@example.com, b@example.com"
        assert critical["sns_configs"][0]["phone_number"] == NUMBER
        assert "sns_configs" not in receiver(config, "tenant-shop-warning")

    def test_a_webhook_for_tenants_that_none_names_gets_nothing(self) -> None:
        chat = {"name": "chat", "url": "https://chat.example.com", "forTenants": True}
        assert made({"webhooks": [chat]}) == made({})
