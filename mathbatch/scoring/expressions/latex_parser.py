r"""Read mathematics written in LaTeX into a tree: `x=2\sqrt{3}` -> a relation between a name and a product.

Adjacent factors bind closer than a slash, so `1/2\pi` is 1 over 2π. Nothing is evaluated as code, and the depth of a
tree is bounded.
"""

from __future__ import annotations

import functools

from mathbatch.scoring.expressions.latex_atoms import ENDS, RELATIONS, SET_OPERATORS, AtomParser
from mathbatch.scoring.expressions.latex_tokens import UnreadableError, tokens_of
from mathbatch.scoring.expressions.tree import NOTHING, SIGNS, ZERO, Node, has_numbers, joined


@functools.lru_cache(1024)
def parse(text: str) -> Node:
    """Return the tree of a text; raise UnreadableError where it can't be read as a whole."""
    parser = Parser(tokens_of(text))
    tree = parser.listed()
    if parser.place != len(parser.tokens):
        raise UnreadableError(f"can't be read from '{parser.next}' on")
    return tree


class Parser(AtomParser):
    """Parser by recursive descent, with one method per level of precedence."""

    def listed(self) -> Node:
        """Read statements with commas, "and" or "or" between."""
        members, joint = [self.relation()], ","
        while found := self.separators():
            joint = found if joint == "," else joint
            if not self.next or self.next in ENDS or self.kind == "end":
                break
            members.append(self.relation())
        return Node("list", joint, tuple(members)) if len(members) > 1 else members[0]

    def separators(self) -> str:
        """Read all that stands between two statements; return "and", "or", a comma, or an empty text."""
        found = ""
        while self.next in (",", ";") or (self.kind == "separator" and not (self.in_table and self.next == "\\\\")):
            found = self.next if self.next in ("and", "or") else found or ","
            self.place += 1
        return found

    def relation(self) -> Node:
        r"""Read expressions with signs such as `=` and `<` between; the first may be missing, as in `\ge 3`."""
        members = [NOTHING] if self.next in RELATIONS else [self.sets()]
        operators = []
        while self.next in RELATIONS and not (self.next == "mid" and self.within == "set"):
            operators.append(self.take(*RELATIONS))
            members.append(self.sets())
        return Node("rel", " ".join(operators), tuple(members)) if operators else members[0]

    def sets(self) -> Node:
        """Read sets with operators such as a union between."""
        tree = self.sum()
        while operator := self.take(*SET_OPERATORS):
            tree = Node("set", operator, (tree, self.sum()))
        return tree

    def sum(self) -> Node:
        """Read terms with plus and minus signs between."""
        terms = [ZERO] if self.next in SIGNS else [self.product()]
        while sign := self.take("+", "-", *SIGNS):
            term = self.product()
            if sign in SIGNS:
                terms = [Node(sign, parts=(joined("add", terms), term))]
            else:
                terms.append(Node("neg", parts=(term,)) if sign == "-" else term)
        return joined("add", terms)

    def product(self) -> Node:
        """Read factors with signs for times and divided by between."""
        factors = [self.signed()]
        while operator := self.take("*", "/", *(":" if self.within != "set" else "")):
            factor = self.signed()
            factors = [*factors, factor] if operator == "*" else [Node("div", parts=(joined("mul", factors), factor))]
        return joined("mul", factors)

    def signed(self) -> Node:
        """Read a factor with its signs."""
        signs = []
        while sign := self.take("+", "-"):
            signs.append(sign)
        tree = self.adjacent()
        return Node("neg", parts=(tree,)) if signs.count("-") % 2 else tree

    def adjacent(self) -> Node:
        r"""Read factors without an operator between; the mixed number `2\frac{1}{2}` is a sum."""
        factors = [self.power()]
        while self.starts_factor():
            factors.append(self.power())
        first, *rest = factors
        is_mixed = rest and first.kind == "num" and not first.unit and rest[0].kind == "div" and has_numbers(rest[0])
        return joined("mul", [Node("add", parts=(first, rest[0])), *rest[1:]] if is_mixed else factors)
