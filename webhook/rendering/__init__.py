"""Rendering: a bare pod template and a snapshot in, a runnable pod template with its record out, and the way back.

One module for each step, in the order of the request: containers, selection, variables, command, merge, conflicts,
record. Everything here is pure: no I/O, no clock, and no argument is ever modified.
"""

from webhook.rendering.record import Record, check, digest, read, restore, untouched
from webhook.rendering.render import Rendering, render

__all__ = ["Record", "Rendering", "check", "digest", "read", "render", "restore", "untouched"]
