"""What can be known of a template without rendering it. Go has no counterpart.

- `variables`: where a template refers to variables of the root data
- `reach`: what a rendering could print, never enters, and fails at
- `shapes`: what is known of a value: its type, its truth, or all of it

Never here: findings about runtimes. `webhook.linting` decides what is worth a report.
"""
