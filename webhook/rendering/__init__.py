"""Rendering: a bare pod template and a state in, a runnable pod template with its record out; and back.

Everything here is pure: no I/O, no clock, and no argument is ever modified. A request goes through :func:`resolve` and
:func:`apply`; commands that ask why or what if read the same :class:`Resolution`.

In the order of a request::

    state           the configuration and settings that a request reads
    resolve         every decision, before anything is filled in
    containers        which is the inference container?
    accelerators      which resources are accelerators?
    node_labels       which labels may the nodes of the workload have?
    gpus              which GPU type does it ask for, and how many GPUs?
    selection         which runtime template and agent entry serve it?
    variables         what may a Go template refer to?
    layers            what does the configuration say, agent entry over runtime template?
    apply           a resolution to the rendered pod template
    origins         who set which field of a rendering? Requests never ask
    budget          how much may the Go templates of a request do together?
    expand            a Go template to text
    image             which image, with which pull policy?
    command           which command and args?
    arguments         do arguments reach the engine as they were given?
    merge             who wins, field by field?
    env                 in which order are variables defined?
    names             does Kubernetes accept the names that the configuration gives?
    conflicts         would the result run?
    given_way         what of the configuration does the workload replace as a whole?
    doubts            what will probably not run?
    changes           what was changed, and how is it undone?
    edits             were rendered fields changed since?
    revision          digests of the inputs and of the configuration used
    record            what is noted on the pod template, and the way back to the bare form
    reconcile         what does an update of a rendered pod template mean?
    groups            what have leader and worker of a group to do with each other?

Facts that several of them need: ``fields`` (Kubernetes' defaults and one-of groups), ``filled_in`` (what others fill in or leave
out, which is not a difference), ``arrival`` (pods as they arrive at admission), ``paths`` (places that survive insertions),
``quantities`` (Kubernetes' numbers).
"""

from webhook.rendering import (
    arrival,
    budget,
    changes,
    expand,
    fields,
    gpus,
    origins,
    paths,
    reconcile,
    record,
    revision,
    selection,
)
from webhook.rendering.apply import Rendering, apply
from webhook.rendering.doubts import placeholders
from webhook.rendering.edits import alike, carried_over
from webhook.rendering.groups import Member, complete, differences
from webhook.rendering.record import (
    Header,
    Record,
    check,
    full,
    read,
    restore,
    undone,
    unrecorded,
    untouched,
    with_edits,
    with_inputs,
)
from webhook.rendering.resolve import Decided, Resolution, resolve
from webhook.rendering.state import State

__all__ = [
    "Decided",
    "Header",
    "Member",
    "Record",
    "Rendering",
    "Resolution",
    "State",
    "alike",
    "apply",
    "arrival",
    "budget",
    "carried_over",
    "changes",
    "check",
    "complete",
    "differences",
    "expand",
    "fields",
    "full",
    "gpus",
    "origins",
    "paths",
    "placeholders",
    "read",
    "reconcile",
    "record",
    "resolve",
    "restore",
    "revision",
    "selection",
    "undone",
    "unrecorded",
    "untouched",
    "with_edits",
    "with_inputs",
]
