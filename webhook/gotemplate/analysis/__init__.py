"""What can be known of a template without rendering it. Go has no counterpart.

- `variables`: the places where a template refers to variables of the root data
- `reach`: what renderings could print, never enter, and fail at
- `walk`: the walk through a template that finds it
- `alterations`: small changes of a template, which tests of it should notice
- `conditions`: what the outcome of a condition says about other expressions
- `loops`: how many turns a loop may have
- `points`: the actions of a template, and the outcomes of its branches
- `shapes`: what is known of a value: its type, its truth, or the value itself

Never here: judgement. Callers decide which findings are worth reporting.
"""
