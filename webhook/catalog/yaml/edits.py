"""Nodes with something changed. What is not on the way to the change is shared; the nodes themselves are never modified."""

from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlPair, YamlSequence


def replaced(root: Node, target: Node, replacement: Node) -> Node:
    """Return a tree with another node in the place of one of its nodes, wherever aliases repeat it."""
    if root is target:
        return replacement
    if isinstance(root, YamlMapping):
        pairs = {key: replaced(pair.node, target, replacement) for key, pair in root.pairs.items()}
        if all(node is pair.node for node, pair in zip(pairs.values(), root.pairs.values(), strict=True)):
            return root
        mapping = YamlMapping(root.line, root.column)
        mapping.end_line, mapping.end_column, mapping.flaws = root.end_line, root.end_column, root.flaws
        mapping.pairs = {key: YamlPair(*root.pairs[key][:4], node) for key, node in pairs.items()}
        return mapping
    if isinstance(root, YamlSequence):
        items = [replaced(item, target, replacement) for item in root.items]
        changed = any(new is not old for new, old in zip(items, root.items, strict=True))
        return _sequence(root, items) if changed else root
    return root


def without_item(sequence: YamlSequence, index: int) -> YamlSequence:
    """Return a list without one of its items."""
    return _sequence(sequence, sequence.items[:index] + sequence.items[index + 1 :])


def with_text(scalar: Scalar, text: str) -> Scalar:
    """Return a string with another text, at the same place."""
    return Scalar(text, text, scalar.style, scalar.line, scalar.column, scalar.end_line, scalar.end_column)


def _sequence(root: YamlSequence, items: list[Node]) -> YamlSequence:
    sequence = YamlSequence(root.line, root.column)
    sequence.end_line, sequence.end_column, sequence.flaws = root.end_line, root.end_column, root.flaws
    sequence.items = items
    return sequence
