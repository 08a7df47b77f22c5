"""Reads what a container starts the way a shell reads it, well enough to lint and without ever failing.

- ``argv``: the arguments that a container starts: which one is a script, which flags repeat, what receives an argument
- ``commands``: the commands of a shell script, its parameters, and whether it ends by failing
- ``scan``: splits a script into code, quotes, comments, and here-documents

Never in here: templates, reports, or anything else that knows the project.
"""
