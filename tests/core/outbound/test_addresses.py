"""Which addresses and URLs a user may name."""

import ipaddress

import pytest

from speko_core.errors import InvalidInput
from speko_core.outbound.addresses import is_refused
from speko_core.outbound.urls import check_url, url_problem
from speko_core.settings import Settings

REFUSED = """0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.9.9.9 168.63.129.16 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.8 192.0.0.9 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1
64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00::1
fe80::1 fe80::1%eth0 fec0::1 ff02::1"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    """AGT-4: every special range, also those that `is_global` of Python 3.11 calls global."""
    assert is_refused(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_admitted(address: str) -> None:
    """AGT-4: the neighbours of refused ranges stay reachable."""
    assert not is_refused(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "172.17.0.2", "192.168.0.9", "fd12::1"])
def test_development_admits_this_machine_and_its_containers(address: str) -> None:
    """AGT-4: what the development switch opens."""
    assert not is_refused(ipaddress.ip_address(address), allow_private=True)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "fd20:ce::254", "0.0.0.0", "168.63.129.16", "224.0.0.1"]
)
def test_development_still_refuses_metadata_and_link_local(address: str) -> None:
    """AGT-4: a laptop in a cloud keeps its machine's credentials to itself."""
    assert is_refused(ipaddress.ip_address(address), allow_private=True)


HOSTS = """127.0.0.1 localhost LOCALHOST localhost. a.localhost 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 127.1
017700000001
127.0.1 0 0.0.0.0 10.0.0.8 172.16.0.1 192.168.0.1 100.64.0.1 169.254.169.254 metadata.google.internal printer.local
intranet [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1]
[fe80::1%25eth0] [fec0::1] [fd00::1] [ff02::1] 127。0。0。1 ①②⑦.0.0.1 nas.home.arpa"""


@pytest.mark.parametrize("host", HOSTS.split())
def test_a_private_host_is_refused_at_registration_in_every_spelling(host: str) -> None:
    """AGT-4: decimal, hexadecimal, octal, short, mapped, tunnelled and full-width forms."""
    assert url_problem(f"https://{host}/tool") is not None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://api.example.com/", "must start with https://"),
        ("ftp://api.example.com/", "must start with https://"),
        ("api.example.com", "must start with https://"),
        ("https://ann:secret@api.example.com/", "must not carry a user name or password; use a header with a secret"),
        ("https:///path", "must name a host"),
        ("https://exa mple.com/", "must name a host"),
        ("https://example.com:99999/", "must have a port from 1 to 65535"),
        ("https://exa\nmple.com/", "must be a URL"),
        ("https://example.com/" + "a" * 2048, "must have at most 2048 characters"),
    ],
)
def test_a_malformed_url_is_told_what_is_wrong(url: str, problem: str) -> None:
    """AGT-4: one sentence for the person who typed it."""
    assert url_problem(url) == problem


@pytest.mark.parametrize(
    "url",
    ["https://api.example.com/x?y=1", "https://bücher.example/", "https://8.8.8.8:8443/", "https://a_b.example.com"],
)
def test_a_public_https_url_passes(url: str) -> None:
    """AGT-4: ordinary endpoints are not in the way."""
    assert url_problem(url) is None


def test_the_problem_names_the_field_that_held_the_url() -> None:
    """ORG-10: a validation error names its field."""
    with pytest.raises(InvalidInput) as caught:
        check_url("http://x.example.com", Settings(_env_file=None), "webhooks.preCall.url")
    assert [item.field for item in caught.value.fields] == ["webhooks.preCall.url"]


def test_the_development_switch_admits_plain_http_on_this_machine() -> None:
    """AGT-4: a developer's endpoint without a certificate."""
    settings = Settings(allow_insecure_webhooks=True, _env_file=None)
    check_url("http://127.0.0.1:9/hook", settings)
    check_url("http://localhost:9/hook", settings)
    assert url_problem("http://169.254.169.254/latest", allow_insecure=True) is not None
    assert url_problem("ftp://127.0.0.1/", allow_insecure=True) == "must start with https://"
