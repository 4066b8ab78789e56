"""Security orchestration, automation and response: alerts in, playbooks run, people decide, everything recorded."""

__version__ = "0.1.0"
