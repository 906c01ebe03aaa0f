r"""Read mathematics written in LaTeX into a tree: `x=2\sqrt{3}` -> a relation between a name and a product.

A node is a tuple of its kind and its parts, so that trees can be kept and compared. Adjacent factors bind closer than a
slash: `1/2\pi` is 1 over 2π. The kinds are

    num value unit · name text · add, mul, div, pow, pm, mp a b · neg, fact, deg, percent a · call function arguments
    group brackets members · matrix columns entries · cases rows · sum operator name from to body
    rel operators members · list separator members · set operator a b · such a condition
"""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any

from mathbatch.scoring.expressions.latex_tokens import FUNCTIONS, Token, UnreadableError, tokens_of

Node = tuple[Any, ...]

RELATIONS = {
    "=", "<", ">", "le", "ge", "neq", "approx", "sim", "equiv", "in", "notin", "to", "subset", "subseteq", "perp", "parallel",
    "cong", "Rightarrow", "Leftrightarrow", "propto", "mapsto", "ll", "gg", "mid",
}  # fmt: skip
SET_OPERATORS = {"cup", "cap", "setminus"}
LARGE_OPERATORS = {"sum", "prod", "int", "lim", "Cup", "bigcap", "iint", "oint", "iiint"}
ACCENTS = {"hat", "bar", "vec", "tilde", "dot", "ddot", "overline", "overrightarrow", "widehat", "mathbb", "mathscr", "underline"}
NAMED_FUNCTIONS = {one for one in FUNCTIONS if one not in ("sqrt", "pi", "infty", "mod")} | {"det", "deg", "arg", "Re", "Im"}
CLOSING = {"(": (")", "]"), "[": (")", "]"), "\\{": ("\\}",), "lfloor": ("rfloor",), "lceil": ("rceil",)}
ENDS = {")", "]", "\\}", "}", "&", "rfloor", "rceil"}
MAX_DEPTH = 40


@functools.lru_cache(8192)
def parse(text: str) -> Node:
    """Return the tree of a text; raise UnreadableError where it can't be read as a whole."""
    parser = _Parser(tokens_of(text))
    tree = parser.listed()
    if parser.place != len(parser.tokens):
        raise UnreadableError(f"can't be read from '{parser.next}' on")
    return tree


class _Parser:
    """Parser by recursive descent, with one method per level of precedence; `place` is the token to be read next."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.depth, self.bars = tokens, 0, 0, 0

    @property
    def next(self) -> str:
        """Return the text of the token to be read next, or an empty text at the end."""
        return self.tokens[self.place].text if self.place < len(self.tokens) else ""

    @property
    def kind(self) -> str:
        """Return the kind of the token to be read next, or an empty text at the end."""
        return self.tokens[self.place].kind if self.place < len(self.tokens) else ""

    def take(self, *texts: str) -> str:
        """Read the next token where it is one of these; return an empty text otherwise."""
        found = self.next if self.next in texts and self.kind != "number" else ""
        self.place += bool(found)
        return found

    def expect(self, *texts: str) -> str:
        """Read a token that must come next."""
        if not (found := self.take(*texts)):
            raise UnreadableError(f"has '{self.next}' where '{texts[0]}' is missing" if self.next else "is not complete")
        return found

    def listed(self) -> Node:
        """Read statements with commas, "and" or "or" between."""
        members, separator = [self.relation()], ""
        while self.next in (",", ";") or self.kind == "separator":
            if self.next == "\\\\" and self.depth_of_rows:
                break
            while self.next in (",", ";") or self.kind == "separator":
                found = self.next if self.next in ("and", "or") else ","
                separator = found if separator in ("", ",") else separator
                self.place += 1
            if not self.next or self.next in ENDS:
                break
            members.append(self.relation())
        return ("list", separator, *members) if len(members) > 1 else members[0]

    depth_of_rows = 0

    def relation(self) -> Node:
        """Read expressions with signs such as `=` and `<` between; the first may be missing, as in `\\ge 3`."""
        operators: list[str] = []
        members = [("name", "")] if self.next in RELATIONS else [self.sets()]
        while self.next in RELATIONS and not (self.next == "mid" and self.bars < 0):
            operators.append(self.next)
            self.place += 1
            members.append(self.sets())
        return ("rel", tuple(operators), *members) if operators else members[0]

    def sets(self) -> Node:
        """Read sets with operators such as a union between."""
        tree = self.sum()
        while operator := self.take(*SET_OPERATORS):
            tree = ("set", operator, tree, self.sum())
        return tree

    def sum(self) -> Node:
        """Read terms with plus and minus signs between."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("is nested too deeply")
        tree = ("pm", ("num", Fraction(0), 0), self.product()) if self.take("pm") else None
        tree = ("mp", ("num", Fraction(0), 0), self.product()) if tree is None and self.take("mp") else tree
        tree = self.product() if tree is None else tree
        while sign := self.take("+", "-", "pm", "mp"):
            term = self.product()
            kind = sign if sign in ("pm", "mp") else "add"
            tree = (kind, tree, ("neg", term) if sign == "-" else term)
        self.depth -= 1
        return tree

    def product(self) -> Node:
        """Read factors with signs for times and divided by between."""
        tree = self.signed()
        while self.next != ":" or self.bars >= 0:  # in a set, a colon stands before its condition
            if not (operator := self.take("*", "/", ":")):
                break
            tree = ("mul" if operator == "*" else "div", tree, self.signed())
        return tree

    def signed(self) -> Node:
        """Read a factor with its signs."""
        if sign := self.take("+", "-"):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise UnreadableError("is nested too deeply")
            tree = self.signed()
            self.depth -= 1
            return ("neg", tree) if sign == "-" else tree
        return self.adjacent()

    def adjacent(self) -> Node:
        r"""Read factors without an operator between; the mixed number `2\frac{1}{2}` is a sum."""
        first = self.place
        tree = self.power()
        mixed = self.tokens[first].kind == "number" and self.place == first + 1 and self.next == "frac" and "." not in self.tokens[first].text
        while self.starts_factor():
            factor = self.power()
            is_sum = mixed and factor[0] == "div" and factor[1][0] == factor[2][0] == "num"
            tree, mixed = ("add" if is_sum else "mul", tree, factor), False
        return tree

    def starts_factor(self) -> bool:
        """Tell whether the next token begins a factor."""
        if self.kind in ("number", "name", "begin"):
            return True
        if self.kind == "command":
            return self.next not in RELATIONS | SET_OPERATORS | ENDS | {"pm", "mp"}
        return self.next in ("(", "[", "{", "\\{") or (self.next == "|" and self.bars == 0)

    def power(self) -> Node:
        """Read an atom with its exponents, factorials and signs for degrees or per cent."""
        tree = self.atom()
        while operator := self.take("^", "!", "'", "%", "_"):
            if operator == "_":
                self.place -= 1
                tree = self.indexed(tree[1]) if tree[0] == "name" else ("call", "index", tree, ("name", self.index()))
            elif operator == "!":
                tree = ("fact", tree)
            elif operator == "%":
                tree = ("percent", tree)
            elif operator == "'":
                tree = ("name", f"{tree[1]}'") if tree[0] == "name" else ("call", "'", tree)
            else:
                tree = self.raised(tree)
        return tree

    def raised(self, base: Node) -> Node:
        """Read an exponent: degrees, primes, or a power. A tower without braces is read from above."""
        exponent = self.argument()
        if exponent == ("name", "circ"):
            return ("deg", base)
        if exponent[0] in ("name", "mul") and set(_names(exponent)) == {"prime"}:
            return ("call", "'" * len(_names(exponent)), base)
        if exponent[0] == "name" and exponent[1] in ("*", "+", "-"):
            return ("name", f"{base}{exponent[1]}")
        if self.next == "^":
            self.place += 1
            exponent = self.raised(exponent)
        return ("pow", base, exponent)

    def argument(self) -> Node:
        """Read what stands in braces, or a single atom, as behind `^`."""
        if self.next == "{":
            return self.braces()
        return ("neg", self.argument()) if self.take("-") else self.atom()

    def digit(self) -> Node:
        r"""Read an argument of `\frac`: in braces, or a single digit as in `\frac12`."""
        if self.kind == "number" and self.next.isdigit() and len(self.next) > 1:
            self.split_digit()
        return self.argument()

    def split_digit(self) -> None:
        """Split the first digit off the next token."""
        text = self.next
        self.tokens[self.place : self.place + 1] = [Token("number", text[0]), Token("number", text[1:])]

    def braces(self) -> Node:
        """Read a group in braces, in which bars and commas count anew."""
        self.expect("{")
        bars, self.bars = self.bars, 0
        if self.next in ("*", "+", "-") and self.tokens[self.place + 1 : self.place + 2] == [Token("mark", "}")]:
            tree: Node = ("name", self.take("*", "+", "-"))
        else:
            tree = self.listed()
        self.expect("}")
        self.bars = bars
        return tree

    def atom(self) -> Node:
        """Read a number, a name, brackets, an environment or a command."""
        kind, text = self.kind, self.next
        if kind == "number":
            self.place += 1
            digits = len(text.partition(".")[2])
            return ("num", Fraction(text), Fraction(1, 10**digits) if digits else 0)
        if kind == "name":
            self.place += 1
            return self.indexed(text)
        if kind == "begin":
            return self.environment()
        if kind == "command":
            self.place += 1
            return self.command(text)
        if text == "{":
            return self.braces()
        if text in ("(", "[", "\\{"):
            return self.group()
        if self.take("|"):
            return self.bar()
        raise UnreadableError(f"has '{text}' where a value is missing" if text else "is not complete")

    def indexed(self, name: str) -> Node:
        """Read the index behind a name, which is part of it: `x_{1}`."""
        while self.next == "_":
            name += self.index()
        return ("name", name)

    def index(self) -> str:
        """Read an index as text: `_{1}` -> "_1"."""
        self.expect("_")
        start = self.place
        self.argument()
        return "_" + "".join(one.text for one in self.tokens[start : self.place] if one.text not in "{}")

    def group(self) -> Node:
        """Read brackets: a group of one is only its content, several are a point, an interval or a set."""
        opening = self.take("(", "[", "\\{")
        bars, self.bars = self.bars, -1 if opening == "\\{" else 0
        rows, self.depth_of_rows = self.depth_of_rows, 0
        if closing := self.take(*CLOSING[opening]):
            tree: Node = ("group", opening + closing)
        else:
            content = self.listed()
            if opening == "\\{" and self.take("|", "mid", ":"):
                content = ("such", content, self.listed())
            closing = self.expect(*CLOSING[opening])
            several = content[2:] if content[0] == "list" else (content,)
            single = len(several) == 1 and opening != "\\{"
            tree = content if single or content[0] == "such" else ("group", opening + closing, *several)
        self.bars, self.depth_of_rows = bars, rows
        return tree

    def bar(self) -> Node:
        """Read an absolute value, or the determinant of a matrix."""
        bars, self.bars = self.bars, 1
        tree = self.relation()
        self.expect("|")
        self.bars = bars
        return ("call", "abs", tree)

    def environment(self) -> Node:
        """Read a matrix or the cases of a function, row by row."""
        name = self.next.partition("{")[2].partition("}")[0].strip("*")
        self.place += 1
        before, self.depth_of_rows = (self.depth_of_rows, self.bars), 1
        self.bars = 0
        rows: list[tuple[Node, ...]] = []
        while self.kind != "end":
            row = [self.listed()]
            while self.take("&"):
                row.append(self.listed())
            rows.append(tuple(row))
            if not self.take("\\\\") and self.kind != "end":
                raise UnreadableError(f"has '{self.next}' in a table")
        self.place += 1
        self.depth_of_rows, self.bars = before
        if name == "cases":
            return ("cases", *rows)
        matrix: Node = ("matrix", len(rows[0]) if rows else 0, *(one for row in rows for one in row))
        return ("call", "abs", matrix) if name == "vmatrix" else matrix

    def command(self, name: str) -> Node:
        """Read what a command stands for, with its arguments."""
        if name == "frac":
            return ("div", self.digit(), self.digit())
        if name == "binom":
            return ("call", "binom", self.argument(), self.argument())
        if name == "sqrt":
            degree: Node = ("num", Fraction(2), 0)
            if self.take("["):
                degree = self.sum()
                self.expect("]")
            return ("call", "root", self.argument(), degree)
        if name == "pi":
            return ("name", "pi")
        if name in LARGE_OPERATORS:
            return self.large(name)
        if name in ACCENTS:
            inner = self.argument()
            return self.indexed(f"{name} {inner[1]}") if inner[0] == "name" else ("call", name, inner)
        if name in NAMED_FUNCTIONS:
            return self.function(name)
        if name in CLOSING:
            tree = self.listed()
            self.expect(*CLOSING[name])
            return ("call", name, tree)
        if name in ENDS:
            raise UnreadableError(f"has \\{name} without its other half")
        return self.indexed(name)

    def function(self, name: str) -> Node:
        r"""Read a function with its index, its power and its argument: `\log_{2} x`, `\sin^{2} x`, `\sin^{-1} x`."""
        index: list[Node] = []
        power: Node | None = None
        for _ in range(2):
            index += [self.argument()] if self.take("_") else []
            power = self.argument() if power is None and self.take("^") else power
        if power is not None and power == ("neg", ("num", Fraction(1), 0)):
            name, power = f"arc{name}", None
        if not self.starts_factor():
            return self.indexed(name) if not index else ("call", name, *index)
        tree: Node = ("call", name, self.operand(), *index)
        return tree if power is None else ("pow", tree, power)

    def operand(self) -> Node:
        """Read the argument of a function: brackets alone, or all factors up to the next function."""
        bracketed = self.next in ("(", "[", "{", "|")
        tree = self.power()
        while not bracketed and self.starts_factor() and self.next not in NAMED_FUNCTIONS:
            tree = ("mul", tree, self.power())
        return tree

    def large(self, name: str) -> Node:
        r"""Read `\sum_{n=1}^{m}` and the like with the term behind it."""
        below = above = ("name", "")
        for _ in range(2):
            below = self.argument() if self.take("_") else below
            above = self.argument() if self.take("^") else above
        body = self.product()
        bound = below[2] if below[0] == "rel" and len(below) == 4 and below[2][0] == "name" else ("name", "")
        start = below[3] if bound[1] else below
        return ("sum", name, bound[1], start, above, body)


def _names(tree: Node) -> list[str]:
    """Return the names in a tree, in order."""
    if tree[0] == "name":
        return [tree[1]]
    return [name for part in tree[1:] if isinstance(part, tuple) for name in _names(part)]
