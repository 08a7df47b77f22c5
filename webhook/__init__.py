"""The Hydra runtime webhook: bare Pods and LeaderWorkerSets in, runnable inference workloads out.

Rooms, upper ones may import lower ones, siblings in one row never each other (checked by import-linter)::

    __main__     `python -m webhook`
    cli          the command line: a module for each command
    app          builds the server, runs it and ends it
    server       HTTP: routes, limits, drain                | cluster      the Kubernetes API
    files        configuration files, watched
    explaining   why an object is rendered as it is  | whatif  what a configuration would make of stored workloads  | cases  tests of templates
    review       any admission handler, from bytes to bytes
    remembered   verdicts about pods of one controller, given from memory
    mutation     what becomes of an object  | linting  what is wrong with a configuration  | inventory  what runs  | rules  what each code means
    rendering    one pod template, from bare to runnable, and back
    catalog      configuration files to snapshots
    admission    bytes to AdmissionReview and back          | workload     objects to pod templates
    gotemplate   Go's text/template                         | patch        two JSON values to a JSON patch
    settings     constants that an installation may change
    telemetry    log and metrics  | problems  of a configuration  | notices  of a workload  | jsonshape  guards over JSON
    errors       the exceptions   | digests   short digests of JSON values  | shell  what a shell does with a script

The package ``certs`` beside this one knows keys and certificates, and nothing of admission.
"""

__version__ = "0.1.0"
