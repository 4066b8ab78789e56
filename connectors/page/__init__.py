"""Paging: waking whoever is on call, through PagerDuty."""
