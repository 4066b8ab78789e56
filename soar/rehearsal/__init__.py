"""Playbooks tried out: the real engine on a virtual clock, with mocks for products and scripts for people.

Nothing leaves: no socket is opened, no file is written, and no time passes but on the rehearsal's own clock.
"""
