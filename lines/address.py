"""Whose connections count together."""

import ipaddress


def network(address: str) -> str:
    """Return what an address counts by: its /64 network for IPv6, itself for IPv4."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return address
