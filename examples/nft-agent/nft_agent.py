# ruff: noqa: INP001 -- a program of one file, and no package
"""Blocks addresses with nftables on this machine, for the connector `nftables`. It needs Python alone.

    python3 nft_agent.py --key-file /etc/soar/nft-agent.key [--listen 127.0.0.1:8620 | --socket 3]

It keeps a table of its own, `inet soar`, and touches no other. What it is asked for are addresses and seconds, which it
reads before nft sees them; the only command that it ever runs is `nft -j -f -`, without a shell.

    PUT    /v1/blocks/ADDRESS   {"seconds": 3600 or null}   a second time: the time begins anew
    GET    /v1/blocks/ADDRESS
    DELETE /v1/blocks/ADDRESS
"""

import argparse
import hmac
import json
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

NFT = ("nft", "-j", "-f", "-")
TABLE = {"family": "inet", "table": "soar"}
SETS = {4: ("blocked4", "ipv4_addr", "ip"), 6: ("blocked6", "ipv6_addr", "ip6")}
LONGEST = 365 * 86_400
LARGEST_BODY = 1_000
SHORTEST_KEY = 16
BEFORE_CONNECTIONS = -300  # the priority of the raw table: open connections end, too
PLACE = re.compile(r"/v1/blocks/([0-9A-Fa-f:.]{2,45})")
CHANGING = threading.Lock()

Address: TypeAlias = IPv4Address | IPv6Address
Document: TypeAlias = dict[str, Any]


class NftError(Exception):
    """What nft said when it did not do what it was told."""


class RefusedError(Exception):
    """A request that is not carried out: a status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def run_nft(*commands: Document) -> Document:
    """Run commands of libnftables-json(5) as one transaction, and return what nft answers.

    Raises:
        NftError: it failed, and nothing was changed.
    """
    asked = json.dumps({"nftables": commands})
    try:
        done = subprocess.run(NFT, input=asked, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 -- a fixed command
        answer: Document = json.loads(done.stdout or "{}")
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise NftError(str(error)) from error
    if done.returncode != 0:
        raise NftError(done.stderr.strip().partition("\n")[0])
    return answer


def prepare() -> None:
    """Make the table, its sets and the rules that drop what comes from them; what is blocked stays blocked."""
    hook = {"type": "filter", "hook": "prerouting", "prio": BEFORE_CONNECTIONS, "policy": "accept"}
    commands: list[Document] = [
        {"add": {"table": {"family": TABLE["family"], "name": TABLE["table"]}}},
        {"add": {"chain": {**TABLE, "name": "drop", **hook}}},
        {"flush": {"chain": {**TABLE, "name": "drop"}}},
    ]
    for name, kind, protocol in SETS.values():
        source = {"payload": {"protocol": protocol, "field": "saddr"}}
        match = {"match": {"op": "==", "left": source, "right": f"@{name}"}}
        commands.append({"add": {"set": {**TABLE, "name": name, "type": kind, "flags": ["timeout"]}}})
        commands.append({"add": {"rule": {**TABLE, "chain": "drop", "expr": [match, {"drop": None}]}}})
    run_nft(*commands)


def describe(address: Address) -> Document:
    """Say whether an address is blocked, and for how many seconds more; None for good."""
    listed = run_nft({"list": {"set": {**TABLE, "name": SETS[address.version][0]}}})
    for element in next(each["set"] for each in listed["nftables"] if "set" in each).get("elem", []):
        details = element["elem"] if isinstance(element, dict) else {"val": element}
        if ip_address(details["val"]) == address:
            return {"ip": str(address), "is_blocked": True, "seconds_left": details.get("expires")}
    return {"ip": str(address), "is_blocked": False, "seconds_left": None}


def block(address: Address, seconds: int | None) -> None:
    """Block an address for so many seconds, None for good; what is blocked is blocked anew, at no moment open."""
    entry: str | Document = str(address) if seconds is None else {"elem": {"val": str(address), "timeout": seconds}}
    bare = _name_element(address, str(address))
    run_nft({"add": bare}, {"delete": bare}, {"add": _name_element(address, entry)})


def unblock(address: Address) -> None:
    """Let an address in again; one that is not blocked stays as it is."""
    bare = _name_element(address, str(address))
    run_nft({"add": bare}, {"delete": bare})


def _name_element(address: Address, entry: str | Document) -> Document:
    return {"element": {**TABLE, "name": SETS[address.version][0], "elem": [entry]}}


class Handler(BaseHTTPRequestHandler):
    """Answers one request; whoever asks has to name `key`."""

    key = b""
    timeout = 10
    server_version = "nft-agent"
    sys_version = ""

    def do_GET(self) -> None:
        """Say whether an address is blocked."""
        self._answer()

    def do_PUT(self) -> None:
        """Block an address."""
        self._answer()

    def do_DELETE(self) -> None:
        """Let an address in again."""
        self._answer()

    def _answer(self) -> None:
        try:
            status, document = 200, self._obey()
        except RefusedError as error:
            status, document = error.status, {"error": str(error)}
        except NftError as error:
            status, document = 502, {"error": f"nft: {error}"}
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _obey(self) -> Document:
        given = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, b"Bearer " + self.key):
            raise RefusedError(401, "the key does not fit")
        address = _read_address(self.path)
        with CHANGING:
            if self.command == "PUT":
                block(address, self._read_seconds())
            elif self.command == "DELETE":
                unblock(address)
            return describe(address)

    def _read_seconds(self) -> int | None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal() and int(length) <= LARGEST_BODY):
            raise RefusedError(400, "the body is missing or too large")
        try:
            document = json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise RefusedError(400, "the body is no JSON") from error
        match document:
            case {"seconds": None}:
                return None
            case {"seconds": int(seconds)} if not isinstance(seconds, bool) and 1 <= seconds <= LONGEST:
                return seconds
            case _:
                raise RefusedError(400, f"seconds has to be 1 to {LONGEST}, or null")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
        """Say what was asked, by whom, and what came of it."""
        sys.stderr.write(f"{self.client_address[0]} {format % arguments}\n")


def _read_address(place: str) -> Address:
    found = PLACE.fullmatch(unquote(place))
    try:
        return ip_address(found[1] if found else "")
    except ValueError as error:
        raise RefusedError(404, "there is no such address") from error


def open_server(listen: str, inherited: int | None) -> ThreadingHTTPServer:
    """Listen at an address, or on a socket that whoever started us has opened, as systemd does."""
    if inherited is None:
        host, _, port = listen.rpartition(":")
        return ThreadingHTTPServer((host, int(port)), Handler)
    server = ThreadingHTTPServer(("", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=inherited)
    return server


def main() -> None:
    """Prepare the table, and answer until ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key-file", required=True, type=Path, help="a file that this user alone can read")
    parser.add_argument("--listen", default="127.0.0.1:8620", help="an address that only the service can reach")
    parser.add_argument("--socket", type=int, help="number of a listening socket; systemd's first is 3")
    chosen = parser.parse_args()
    Handler.key = chosen.key_file.read_bytes().strip()
    if len(Handler.key) < SHORTEST_KEY:
        sys.exit(f"the key has to have {SHORTEST_KEY} characters or more")
    prepare()
    server = open_server(chosen.listen, chosen.socket)
    sys.stderr.write("ready\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
