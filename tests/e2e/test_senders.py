"""Products that others have written send to a started server, by the settings in `examples/senders`.

They are Debian's packages, and OpenCanary pip's; what is missing is skipped. `make e2e` runs it.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.sending import (
    KEY,
    find_port,
    find_program,
    is_fresh,
    open_receiver,
    run_program,
)
from tests.e2e.sensor import ATTACKED, ATTACKING, RULE, open_two_hosts, run_rsyslog
from tests.support.server import Client

pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it starts other programs; `make e2e` runs it"),
    pytest.mark.timeout(180),
]

ATTACKER = "198.51.100.24"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the product's files lie."""
    made = tmp_path / "product"
    made.mkdir()
    return made


def test_an_alert_of_alertmanager_starts_a_run(tmp_path: Path, folder: Path) -> None:
    program, port = find_program("prometheus-alertmanager"), find_port()
    (folder / "hook.token").write_text(KEY, "utf-8")
    with open_receiver(tmp_path / "site", "alertmanager", 'alert.severity == "critical"') as receiver:
        settings = {"/etc/soar/hook.token": str(folder / "hook.token")}
        file = receiver.write_example("alertmanager.yml", folder / "alertmanager.yml", settings)
        command = [program, f"--config.file={file}", f"--storage.path={folder}", "--cluster.listen-address="]
        with run_program([*command, f"--web.listen-address=127.0.0.1:{port}"], folder) as alertmanager:
            alertmanager.wait_to_say("Listening on")
            fired = {
                "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"},
                "annotations": {"summary": "The disk of db-1 is full"},
                "startsAt": "2026-11-21T22:00:00Z",
                "generatorURL": "http://prometheus.corp.example/graph",
            }
            client = Client(f"http://127.0.0.1:{port}")
            assert client.send("POST", "/api/v2/alerts", [fired]).status == 200
            alert = receiver.find_alert("alertmanager.DiskFull")
    assert (alert["title"], alert["severity"]) == ("The disk of db-1 is full", "critical")
    assert datetime.fromisoformat(alert["time"]) == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert alert["entities"]["hosts"] == ["db-1"]
    assert alert["url"] == "http://prometheus.corp.example/graph"
    assert (alert["labels"]["status"], alert["labels"]["receiver"]) == ("firing", "soar")


def fail_to_log_in(log: Path) -> Callable[[], None]:
    """Return what writes one more failed login into sshd's log."""

    def provoke() -> None:
        moment = datetime.now(UTC)  # noqa: TID251 -- the product is another process, on the real clock
        line = f"web-1 sshd[411]: Failed password for invalid user admin from {ATTACKER} port 41122 ssh2"
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{moment:%b %d %H:%M:%S} {line}\n")

    log.touch()
    return provoke


CROWDSEC = """
common: {{daemonize: false, log_media: stdout, log_level: info, working_dir: .}}
config_paths:
  config_dir: {folder}
  data_dir: {folder}
  simulation_path: {folder}/simulation.yaml
  hub_dir: {hub}
  index_path: {hub}/.index.json
  notification_dir: {folder}/notifications
  plugin_dir: {folder}/plugins
crowdsec_service: {{acquisition_path: {folder}/acquis.yaml, parser_routines: 1}}
db_config: {{type: sqlite, db_path: {folder}/crowdsec.db}}
plugin_config: {{user: root, group: root}}
api:
  client: {{credentials_path: {folder}/client.yaml}}
  server: {{log_level: info, listen_uri: "127.0.0.1:{port}", profiles_path: {folder}/profiles.yaml}}
prometheus: {{enabled: false}}
"""
PROFILES = """
name: bans
filters: ['Alert.Remediation == true && Alert.GetScope() == "Ip"']
decisions: [{type: ban, duration: 4h}]
notifications: [soar]
on_success: break
"""
HUB = Path("/usr/share/crowdsec/hub")
PLUGIN = Path("/usr/lib/crowdsec/plugins/http")
DETECTION = (
    "parsers/s00-raw/crowdsecurity/syslog-logs.yaml",
    "parsers/s01-parse/crowdsecurity/sshd-logs.yaml",
    "parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml",
    "scenarios/crowdsecurity/ssh-bf.yaml",
)


def write_crowdsec(folder: Path) -> Path:
    """Write a local CrowdSec that looks for brute force against sshd, and knows of no central one."""
    for name in DETECTION:
        stage = folder / Path(name).parent.parent
        stage.mkdir(parents=True)
        shutil.copy(HUB / name, stage)
    shutil.copytree("/etc/crowdsec/patterns", folder / "patterns")
    for name in ("plugins", "notifications"):
        (folder / name).mkdir()
    shutil.copy(PLUGIN, folder / "plugins" / "notification-http")
    (folder / "simulation.yaml").write_text("simulation: off\n", "utf-8")
    (folder / "client.yaml").touch()
    (folder / "profiles.yaml").write_text(PROFILES, "utf-8")
    (folder / "acquis.yaml").write_text(f"filenames: [{folder}/auth.log]\nlabels: {{type: syslog}}\n", "utf-8")
    file = folder / "config.yaml"
    file.write_text(CROWDSEC.format(folder=folder, hub=HUB, port=find_port()), "utf-8")
    return file


def test_a_ban_of_crowdsec_starts_a_run(tmp_path: Path, folder: Path) -> None:
    crowdsec, cscli = find_program("crowdsec"), find_program("cscli")
    if os.geteuid() != 0 or not (PLUGIN.exists() and HUB.exists()):
        pytest.skip("CrowdSec needs root to start its plugins, and Debian's package, which has them")
    file, provoke = write_crowdsec(folder), fail_to_log_in(folder / "auth.log")
    match = f'alert.kind == "crowdsec.ssh-bf" && "{ATTACKER}" in alert.entities.ips'
    with open_receiver(tmp_path / "site", "crowdsec", match) as receiver:
        receiver.write_example("crowdsec-notification.yaml", folder / "notifications" / "soar.yaml")
        enrol = [cscli, "-c", str(file), "machines", "add", "--auto", "--force", "-f", str(folder / "client.yaml")]
        subprocess.run(enrol, check=True, capture_output=True, timeout=60)
        with run_program([crowdsec, "-c", file], folder) as program:
            program.wait_to_say("Starting processing data")
            alert = receiver.find_alert("crowdsec.ssh-bf", provoke)
    assert (alert["title"], alert["severity"]) == (f"crowdsecurity/ssh-bf by {ATTACKER}", "medium")
    assert alert["entities"] == {"ips": [ATTACKER], "hosts": ["web-1"], "users": ["admin"]}
    assert alert["labels"] == {"decision": "ban"}
    assert is_fresh(alert)


FAIL2BAN = """
[Definition]
loglevel = INFO
logtarget = STDOUT
syslogsocket = auto
socket = {folder}/fail2ban.sock
pidfile = {folder}/fail2ban.pid
dbfile = None
"""
JAIL = """
[sshd]
enabled = true
filter = sshd
backend = polling
logpath = {folder}/auth.log
maxretry = 5
findtime = 10m
bantime = 1h
action = soar[header="{header}"]
"""


def test_a_ban_of_fail2ban_starts_a_run(tmp_path: Path, folder: Path) -> None:
    program = find_program("fail2ban-server")
    find_program("curl")
    for name in ("filter.d", "action.d"):
        (folder / name).mkdir()
    for name in ("sshd.conf", "common.conf"):
        shutil.copy(Path("/etc/fail2ban/filter.d") / name, folder / "filter.d")
    provoke = fail_to_log_in(folder / "auth.log")
    match = f'alert.kind == "fail2ban.ban" && "{ATTACKER}" in alert.entities.ips'
    with open_receiver(tmp_path / "site", "generic", match) as receiver:
        receiver.write_example("fail2ban-action.conf", folder / "action.d" / "soar.conf")
        (folder / "fail2ban.conf").write_text(FAIL2BAN.format(folder=folder), "utf-8")
        jail = JAIL.format(folder=folder, header=receiver.write_headers(folder))
        (folder / "jail.conf").write_text(jail, "utf-8")
        command = [program, "-c", folder, "-s", folder / "fail2ban.sock", "-p", folder / "fail2ban.pid", "-xf", "start"]
        with run_program(command, folder) as fail2ban:
            fail2ban.wait_to_say("Jail 'sshd' started")
            alert = receiver.find_alert("fail2ban.ban", provoke)
    assert (alert["title"], alert["severity"]) == (f"sshd banned {ATTACKER}", "medium")
    assert alert["entities"]["ips"] == [ATTACKER]
    assert len(alert["entities"]["hosts"]) == 1
    assert is_fresh(alert)


def test_a_line_that_rsyslog_passes_on_starts_a_run(tmp_path: Path, folder: Path) -> None:
    for name in ("rsyslogd", "curl", "logger"):
        find_program(name)
    port = str(find_port())

    def log(priority: str, text: str) -> None:
        command = [find_program("logger"), "--udp", "--server", "127.0.0.1", "--port", port, "--rfc5424=notq"]
        subprocess.run([*command, "--tag", "su", "--priority", priority, text], check=True, timeout=20)

    def provoke() -> None:
        log("auth.info", "session opened for user ann")
        log("auth.err", f"FAILED SU (to root) ann from {ATTACKER}")

    with open_receiver(tmp_path / "site", "syslog", 'alert.kind == "syslog.su"') as receiver:
        with run_rsyslog(receiver, folder, "rsyslog.conf", {'port="514"': f'port="{port}"'}):
            alert = receiver.find_alert("syslog.su", provoke)
        heard = receiver.client.send("GET", "/api/v1/alerts?source=syslog&limit=200").json["items"]
    assert (alert["title"], alert["severity"]) == (f"FAILED SU (to root) ann from {ATTACKER}", "high")
    assert alert["entities"]["ips"] == [ATTACKER]
    assert len(alert["entities"]["hosts"]) == 1
    assert is_fresh(alert)
    assert {one["title"] for one in heard} == {alert["title"]}, "what is no error is not passed on"


def test_an_attack_that_suricata_sees_live_starts_a_run(tmp_path: Path, folder: Path) -> None:
    suricata, ip, curl = (find_program(name) for name in ("suricata", "ip", "curl"))
    find_program("rsyslogd")
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    (folder / "own.rules").write_text(RULE, "utf-8")
    for name in ("web", "shipper"):
        (folder / name).mkdir()
    sensor = [suricata, "-c", "/etc/suricata/suricata.yaml", "-S", folder / "own.rules", "-l", folder, "-k", "none"]
    quiet = ["--set", "unix-command.enabled=no", "-i", "cable"]
    match = f'alert.raw.alert.signature_id == 1000001 && "{ATTACKING}" in alert.entities.ips'
    with ExitStack() as stack:
        receiver = stack.enter_context(open_receiver(tmp_path / "site", "suricata", match))
        attacker, victim = stack.enter_context(open_two_hosts(ip))
        inside = [ip, "netns", "exec", victim]
        serve = [*inside, sys.executable, "-u", "-m", "http.server", "8000", "--bind", ATTACKED]
        web = stack.enter_context(run_program(serve, folder / "web"))
        web.wait_to_say("Serving HTTP")
        stack.enter_context(run_program([*inside, *sensor, *quiet], folder)).wait_to_say("Engine started")
        eve = {"/var/log/suricata/eve.json": str(folder / "eve.json")}
        stack.enter_context(run_rsyslog(receiver, folder / "shipper", "rsyslog-suricata.conf", eve))
        attack = [
            ip,
            "netns",
            "exec",
            attacker,
            curl,
            "--silent",
            "--output",
            "/dev/null",
            "--user-agent",
            "sqlmap/1.7",
        ]
        subprocess.run([*attack, f"http://{ATTACKED}:8000/login?id=1"], check=True, timeout=20)
        alert = receiver.find_alert("suricata.alert")
        heard = receiver.client.send("GET", "/api/v1/alerts?source=suricata&limit=200").json["items"]
    assert (alert["title"], alert["severity"]) == ("sqlmap looks for a way in", "high")
    assert alert["entities"]["ips"] == [ATTACKING, ATTACKED]
    assert alert["labels"] == {"category": "Web Application Attack", "protocol": "http"}
    assert is_fresh(alert)
    assert {one["kind"] for one in heard} == {"suricata.alert"}, "flows and statistics are not passed on"


def test_a_login_at_a_decoy_of_opencanary_starts_a_run(tmp_path: Path, folder: Path) -> None:
    twistd, tac = find_program("twistd"), find_program("opencanary.tac")
    port = find_port()
    match = 'alert.kind == "opencanary.http" && alert.severity == "high"'
    with open_receiver(tmp_path / "site", "opencanary", match) as receiver:
        logger = receiver.write_example("opencanary-logger.json", folder / "logger.json")
        decoy = {
            "device.node_id": "decoy-1",
            "device.listen_addr": "127.0.0.1",
            "ip.ignorelist": [],
            "logtype.ignorelist": [],
            "http.enabled": True,
            "http.port": port,
            "http.banner": "Apache",
            "http.skin": "nasLogin",
        }
        settings = {**decoy, **json.loads(logger.read_text("utf-8"))}
        (folder / "opencanary.conf").write_text(json.dumps(settings), "utf-8")
        with run_program([twistd, "-noy", tac, "--pidfile", folder / "decoy.pid"], folder) as program:
            program.wait_to_say(f"starting on {port}")
            form = urllib.parse.urlencode({"username": "admin", "password": "guessed"}).encode()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html", form, timeout=30).close()
            alert = receiver.find_alert("opencanary.http")
        heard = receiver.client.send("GET", "/api/v1/alerts?source=opencanary&limit=200").json["items"]
    assert (alert["title"], alert["severity"]) == (f"decoy-1, port {port}, touched by 127.0.0.1", "high")
    assert alert["entities"] == {"ips": ["127.0.0.1"], "hosts": ["decoy-1"], "users": ["admin"]}
    assert is_fresh(alert)
    assert "opencanary.notice" in {one["kind"] for one in heard}, "it tells that it runs, which starts nothing"
