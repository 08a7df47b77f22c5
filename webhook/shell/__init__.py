"""Reads what a container starts the way a shell reads it, without running it and without ever failing.

- ``passing``: how a script passes its own arguments on
- ``flags``: which flags one command gets more than once
- ``argv``: the arguments that a container starts: which one is a script, what receives an argument
- ``commands``: the commands of a shell script, its parameters, and whether it ends by failing
- ``words``: the words of a script, and what the shell would expand in them
- ``syntax``: what a script does not finish, such as a quote
- ``scan``: splits a script into code, quotes, comments, and here-documents

Never in here: templates, reports, or anything else that knows the project.
"""
