"""OPNsense: addresses on a firewall's block lists."""
