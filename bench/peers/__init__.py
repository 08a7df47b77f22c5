"""The same job done by others: ``python -m bench.peers``.

::

    __main__      the command: alternating rounds, ratios by pair, memory and the time of a start beside them
    programs      the servers to compare, how each is started, and how long it takes until it answers
    build         builds the Go webhook, and a virtual environment for kopf, in the user's cache
    go/           the Go webhook, on controller-runtime
    kopf_webhook  the handler that kopf runs
    discovery     the little of an API server that kopf asks for when it starts
"""
