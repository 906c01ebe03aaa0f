r"""Read the smallest parts of mathematics in LaTeX: numbers, names, brackets, tables, functions, `\frac`, `\sum`.

`latex_parser.Parser` adds the levels of precedence above them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction

from mathbatch.scoring.expressions.latex_tokens import FUNCTIONS, Token, TokenReader, UnreadableError
from mathbatch.scoring.expressions.tree import NOTHING, ONE, SIGNS, TWO, Node, joined, primed

RELATIONS = {
    "=", "<", ">", "le", "ge", "neq", "approx", "sim", "equiv", "in", "notin", "to", "subset", "subseteq", "perp",
    "parallel", "cong", "Rightarrow", "Leftrightarrow", "propto", "mapsto", "ll", "gg", "mid",
}  # fmt: skip
SET_OPERATORS = {"cup", "cap", "setminus", "mod"}
LARGE_OPERATORS = {"sum", "prod", "int", "lim", "Cup", "bigcap", "iint", "oint", "iiint"}
ACCENTS = {
    "hat",
    "bar",
    "vec",
    "tilde",
    "dot",
    "ddot",
    "overline",
    "overrightarrow",
    "widehat",
    "mathbb",
    "mathscr",
    "underline",
}
NAMED_FUNCTIONS = {one for one in FUNCTIONS if one not in ("sqrt", "pi", "infty", "mod")} | {
    "det",
    "deg",
    "arg",
    "Re",
    "Im",
}
CLOSING = {"(": (")", "]"), "[": (")", "]"), "\\{": ("\\}",), "lfloor": ("rfloor",), "lceil": ("rceil",)}
ENDS = {")", "]", "\\}", "}", "&", "rfloor", "rceil"}
# Constructs within each other.
MAX_DEPTH = 30


class AtomParser(TokenReader, ABC):
    """Parser of atoms, with what raises them or stands behind them."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.depth = 0
        # Within bars, a bar closes; within a set, a bar and a colon stand in front of its condition.
        self.within = ""
        # Within a table, `\\` ends a row; elsewhere it parts statements.
        self.in_table = False

    @abstractmethod
    def listed(self) -> Node:
        """Read statements with commas, "and" or "or" between."""

    @abstractmethod
    def relation(self) -> Node:
        """Read expressions with signs such as `=` between."""

    @abstractmethod
    def sum(self) -> Node:
        """Read terms with plus and minus signs between."""

    @abstractmethod
    def product(self) -> Node:
        """Read factors with signs for times and divided by between."""

    def starts_factor(self) -> bool:
        """Tell whether the next token begins a factor."""
        if self.kind == "command":
            return self.next not in RELATIONS | SET_OPERATORS | ENDS | SIGNS
        return (
            self.kind in ("number", "name", "begin")
            or self.next in ("(", "[", "{", "\\{")
            or (self.next == "|" and not self.within)
        )

    def power(self) -> Node:
        """Read an atom with its exponents, factorials, indices and signs for degrees or per cent."""
        tree = self.atom()
        while operator := self.take("^", "!", "'", "%", "_"):
            if operator == "_":
                self.place -= 1
                index = self.index()
                tree = (
                    Node("name", tree.text + index)
                    if tree.kind == "name"
                    else Node("call", "index", (tree, Node("name", index)))
                )
            elif operator == "'":
                tree = primed(tree, 1)
            elif operator == "^":
                tree = self.raised(tree)
            else:
                tree = Node("fact" if operator == "!" else "percent", parts=(tree,))
        return tree

    def raised(self, base: Node) -> Node:
        """Read an exponent: degrees, primes, or a power. A tower without braces is read from above."""
        exponent = self.argument()
        if exponent == Node("name", "circ"):
            return Node("deg", parts=(base,))
        primes = exponent.parts if exponent.kind == "mul" else (exponent,)
        if set(primes) == {Node("name", "prime")}:
            return primed(base, len(primes))
        if self.take("^"):
            self.enter()
            exponent = self.raised(exponent)
            self.depth -= 1
        return Node("pow", parts=(base, exponent))

    def enter(self) -> None:
        """Count one construct within another."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("is nested too deeply")

    def argument(self) -> Node:
        """Read what stands in braces, or a single atom, as behind `^`."""
        return Node("neg", parts=(self.atom(),)) if self.take("-") else self.atom()

    def digit(self) -> Node:
        r"""Read an argument of `\frac`: in braces, or a single digit as in `\frac12`."""
        text = self.next
        if self.kind == "number" and text.isdigit() and len(text) > 1:
            self.tokens[self.place : self.place + 1] = [Token("number", text[0]), Token("number", text[1:])]
        return self.argument()

    def atom(self) -> Node:
        """Read a number, a name, brackets, an environment or a command."""
        kind, text = self.kind, self.next
        self.enter()
        if kind in ("number", "name", "command"):
            self.place += 1
        if kind == "number":
            digits = len(text.partition(".")[2])
            tree = Node("num", value=Fraction(text), unit=Fraction(1, 10**digits) if digits else Fraction(0))
        elif kind == "name":
            tree = Node("name", text)
        elif kind == "begin":
            tree = self.environment()
        elif kind == "command":
            tree = self.command(text)
        elif text in ("{", "(", "[", "\\{", "|"):
            tree = self.bracketed()
        else:
            raise UnreadableError(f"has '{text}' where a value is missing" if text else "is not complete")
        self.depth -= 1
        return tree

    def index(self) -> str:
        """Read an index as text: `_{1}` -> "_1"."""
        self.expect("_")
        start = self.place
        self.argument()
        return "_" + "".join(one.text for one in self.tokens[start : self.place] if one.text not in "{}")

    def bracketed(self) -> Node:
        """Read brackets of any kind, within which bars, colons and commas count anew."""
        before = self.within, self.in_table
        opening = self.take("{", "(", "[", "\\{", "|")
        self.within, self.in_table = {"|": "bars", "\\{": "set"}.get(opening, ""), self.in_table and opening == "{"
        if opening == "|":
            tree = Node("call", "abs", (self.relation(),))
            self.expect("|")
        elif opening == "{":
            sign = (
                self.take("*", "+", "-") if self.tokens[self.place + 1 : self.place + 2] == [Token("mark", "}")] else ""
            )
            tree = Node("name", sign) if sign else NOTHING if self.next == "}" else self.listed()
            self.expect("}")
        else:
            tree = self.group(opening)
        self.within, self.in_table = before
        return tree

    def group(self, opening: str) -> Node:
        """Read what stands in brackets: one is only itself, several are a point, an interval or a set."""
        if closing := self.take(*CLOSING[opening]):
            return Node("group", opening + closing)
        content = self.listed()
        if opening == "\\{" and self.take("|", "mid", ":"):
            content = Node("such", parts=(content, self.listed()))
        closing = self.expect(*CLOSING[opening])
        if (content.kind, opening) == ("list", "(") and content.text in ("and", "or"):
            return content
        several = content.parts if content.kind == "list" else (content,)
        is_one = (len(several) == 1 and opening != "\\{") or content.kind == "such"
        return content if is_one else Node("group", opening + closing, several)

    def environment(self) -> Node:
        """Read a matrix or the cases of a function, row by row."""
        name = self.next.partition("{")[2].partition("}")[0].strip("*")
        self.place += 1
        before, self.within, self.in_table = (self.within, self.in_table), "", True
        rows = []
        while self.kind != "end":
            cells: list[Node] = []
            while not cells or self.take("&"):
                self.take("if", "for", "when")
                cells.append(self.listed())
            rows.append(Node("row", parts=tuple(cells)))
            if not self.take("\\\\") and self.kind != "end":
                raise UnreadableError(f"has '{self.next}' in a table" if self.next else "is not complete")
        self.place += 1
        self.within, self.in_table = before
        if name == "cases" and all(len(row.parts) == 1 for row in rows):  # a system of equations
            return Node("list", ",", tuple(row.parts[0] for row in rows))
        if name == "cases":
            return Node("cases", parts=tuple(rows))
        entries = tuple(cell for row in rows for cell in row.parts)
        if len({len(row.parts) for row in rows}) != 1:
            raise UnreadableError("has a table whose rows differ in length")
        matrix = Node("matrix", str(len(rows[0].parts)), entries)
        return Node("call", "abs", (matrix,)) if name == "vmatrix" else matrix

    def command(self, name: str) -> Node:
        """Read what a command stands for, with its arguments; one that is not known is a name, like a letter."""
        if name == "frac":
            return Node("div", parts=(self.digit(), self.digit()))
        if name == "binom":
            return Node("call", "binom", (self.digit(), self.digit()))
        if name == "sqrt":
            degree = TWO
            if self.take("["):
                degree = self.sum()
                self.expect("]")
            return Node("call", "root", (self.argument(), degree))
        if name in LARGE_OPERATORS:
            return self.large(name)
        if name in ACCENTS:
            inner = self.argument()
            return Node("name", f"{name} {inner.text}") if inner.kind == "name" else Node("call", name, (inner,))
        if name in NAMED_FUNCTIONS:
            return self.function(name)
        if name in CLOSING:
            tree = self.listed()
            self.expect(*CLOSING[name])
            return Node("call", name, (tree,))
        if name in ENDS:
            raise UnreadableError(f"has \\{name} without its other half")
        return Node("name", name)

    def function(self, name: str) -> Node:
        r"""Read a function with its index, its power and its argument: `\log_{2} x`, `\sin^{2} x`, `\sin^{-1} x`."""
        index: list[Node] = []
        power: Node | None = None
        for _ in range(2):
            index += [self.argument()] if self.take("_") else []
            power = self.argument() if power is None and self.take("^") else power
        if power == Node("neg", parts=(ONE,)):
            name, power = f"arc{name}", None
        if not self.starts_factor():
            return Node("call", name, tuple(index)) if index else Node("name", name)
        is_bracketed = self.next in ("(", "[", "{", "|")
        factors = [self.power()]
        while not is_bracketed and self.starts_factor() and self.next not in NAMED_FUNCTIONS:
            factors.append(self.power())
        tree = Node("call", name, (joined("mul", factors), *index))
        return tree if power is None else Node("pow", parts=(tree, power))

    def large(self, name: str) -> Node:
        r"""Read `\sum_{n=1}^{m}` and the like with the term behind it."""
        below = above = NOTHING
        for _ in range(2):
            below = self.argument() if self.take("_") else below
            above = self.argument() if self.take("^") else above
        is_bound = below.kind == "rel" and below.text in ("=", "to", "in") and below.parts[0].kind == "name"
        start, bound = (below.parts[1], below.parts[0].text) if is_bound else (below, "")
        return Node("sum", f"{name} {bound}", (start, above, self.product()))
