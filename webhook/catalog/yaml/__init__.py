"""YAML as kubectl reads it: text to nodes that know their places, and objects back to text.

Nothing in here knows what a configuration is.

=========== ===========================================================================================
``compose``  a text to nodes, or to JSON values; what a hostile text may ask for is bounded
``nodes``    scalars, mappings and sequences with their spans, and the flaws found on them
``characters`` where each character of a scalar's value is written
``scalars``  which JSON value a scalar has
``syntax``   what libyaml refuses, explained to the person who wrote it
``unquoted`` lines that are refused because of how a value is quoted or punctuated
``edits``    nodes with something changed
``dump``     an object to a text that kubectl reads as the same values
=========== ===========================================================================================
"""
