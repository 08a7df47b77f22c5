"""What Kubernetes accepts as a name, and as the value of a label.

Source: Kubernetes 1.36, ``k8s.io/apimachinery/pkg/util/validation/validation.go``; which rule holds where, in
``pkg/apis/core/validation/validation.go``.
"""

import re

import msgspec

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


class NameRule(msgspec.Struct, frozen=True):
    """One of Kubernetes' rules for names.

    Attributes:
        words: the rule, as it follows "Kubernetes accepts only".
        pattern: what the whole name matches.
        longest: its length in characters.
    """

    words: str
    pattern: re.Pattern[str]
    longest: int

    def accepts(self, name: str) -> bool:
        """Return whether Kubernetes accepts a name."""
        return len(name) <= self.longest and self.pattern.fullmatch(name) is not None


LABEL_VALUE = NameRule(
    "at most 63 letters, digits, '-', '_' and '.', the first and last a letter or digit",
    re.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"),
    63,
)
DNS_LABEL = NameRule(
    "at most 63 lower-case letters, digits and '-', the first and last a letter or digit", re.compile(_LABEL), 63
)
DNS_SUBDOMAIN = NameRule(
    "at most 253 lower-case letters, digits, '-' and '.', each part between dots beginning and ending with a letter or digit",
    re.compile(rf"{_LABEL}(\.{_LABEL})*"),
    253,
)
#: A service name of RFC 6335.
PORT_NAME = NameRule(
    "at most 15 lower-case letters, digits and single '-', at least one letter, the first and last a letter or digit",
    re.compile(rf"(?=.*[a-z])(?!.*--){_LABEL}"),
    15,
)
#: The relaxed rule, which the API server applies since Kubernetes 1.34; older ones accept fewer names.
ENV_NAME = NameRule("printable ASCII characters but '='", re.compile("[ -<>-~]+"), 1 << 20)
