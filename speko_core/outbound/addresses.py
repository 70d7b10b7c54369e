"""Which addresses a user-given URL may lead to. Pure data and one function; nothing is resolved here.

IPv4 is refused by list, IPv6 by everything outside global unicast and by list inside it. `is_global` alone does
not do: on Python 3.11 it says True of fec0::/10, 3fff::/20, 192.88.99.0/24, all multicast, 6to4 and NAT64.
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# IANA's special-purpose registries (RFC 6890 and its updates), and addresses clouds answer their own machines on.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform address, public by number and private by use
    )
)  # fmt: skip
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
# What a developer's own endpoint may live on: this machine and the networks of its containers.
_DEVELOPMENT = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_METADATA = tuple(ipaddress.IPv6Network(network) for network in ("fd00:ec2::/32", "fd20:ce::/32"))


def is_refused(address: Address, *, allow_private: bool = False) -> bool:
    """True where no user-given URL may lead.

    `allow_private` is the development switch: it admits loopback and private networks, and still refuses
    link-local, metadata and every other special address.
    """
    if allow_private and _within(address, _DEVELOPMENT) and not _within(address, _METADATA):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not address.is_global or _within(address, _REFUSED_V4)
    return not address.is_global or address not in _GLOBAL_UNICAST or _within(address, _REFUSED_V6)


def _within(address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)
