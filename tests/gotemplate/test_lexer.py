"""Tokens: trimming, positions and errors."""

import pytest

from webhook.gotemplate.parse.lex import Kind, Token, tokens


def token_texts(template: str) -> list[str]:
    return [token.text for token in tokens(template)]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", ["EOF"]),
        ("a b", ["a b", "EOF"]),
        ("a {{- .X -}} b", ["a", "{{", ".X", "}}", "b", "EOF"]),
        ("a {{-1}}", ["a ", "{{", "-1", "}}", "EOF"]),
        ("a{{/* c */}} b", ["a", " b", "EOF"]),
        ("a {{- /* c */ -}} b", ["a", "b", "EOF"]),
        ("{{.X.Y  $z | print}}", ["{{", ".X", ".Y", "  ", "$z", " ", "|", " ", "print", "}}", "EOF"]),
        ("{{$x, $y := `a\n`}}", ["{{", "$x", ",", " ", "$y", " ", ":=", " ", "`a\n`", "}}", "EOF"]),
        ("{{x  -}}\n y", ["{{", "x", " ", "}}", "y", "EOF"]),
        ("{{(1)}}", ["{{", "(", "1", ")", "}}", "EOF"]),
        ("{{1+2i 'a' \"b\"}}", ["{{", "1+2i", " ", "'a'", " ", '"b"', "}}", "EOF"]),
    ],
)
def test_a_template_is_split_into_tokens(template: str, expected: list[str]) -> None:
    assert token_texts(template) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{", "unclosed action"),
        ("{{/* a", "unclosed comment"),
        ("{{/* a */ }}", "comment ends before closing delimiter"),
        ("{{(1}}", "unclosed left paren"),
        ("{{1)}}", "unexpected right paren"),
        ("{{1x}}", 'bad number syntax: "1x"'),
        ("{{.a#}}", "bad character U+0023 '#'"),
        ("{{\x01}}", "unrecognized character in action: U+0001"),
        ('{{"a', "unterminated quoted string"),
        ("{{`a", "unterminated raw quoted string"),
        ("{{'a", "unterminated character constant"),
        ("{{:}}", "expected :="),
    ],
)
def test_an_error_is_the_last_token(template: str, message: str) -> None:
    last = tokens(template)[-1]
    assert (last.kind, last.text) == (Kind.ERROR, message)


def test_tokens_have_offsets() -> None:
    assert [(token.text, token.offset) for token in tokens("é{{ .A }}")] == [
        ("é", 0), ("{{", 1), (" ", 3), (".A", 4), (" ", 6), ("}}", 7), ("EOF", 9),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (Token(Kind.EOF, "EOF", 0), "EOF"),
        (Token(Kind.IF, "if", 0), "<if>"),
        (Token(Kind.STRING, '"a"', 0), r'"\"a\""'),
        (Token(Kind.IDENTIFIER, "abcdefghijk", 0), '"abcdefghij"...'),
    ],
)
def test_messages_show_tokens_as_go_does(token: Token, name: str) -> None:
    assert str(token) == name
