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
        members, joints = [self.relation()], []
        while found := self.separators():
            if not self.next or self.next in ENDS or self.kind == "end":
                break
            joints.append(found)
            members.append(self.relation())
        if set(joints) == {"and", "or"}:
            return _alternatives(members, joints)
        joint = next((one for one in joints if one != ","), ",")
        return Node("list", joint, tuple(members)) if joints else members[0]

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
            if operator == self.next == ":":
                return self.ratio([joined("mul", factors), factor])
            factors = [*factors, factor] if operator == "*" else [Node("div", parts=(joined("mul", factors), factor))]
        return joined("mul", factors)

    def ratio(self, terms: list[Node]) -> Node:
        """Read the rest of a ratio of several terms as the quotients of each by the first: `2:3:4`."""
        while self.take(":"):
            terms.append(self.signed())
        return Node("group", ":", tuple(Node("div", parts=(term, terms[0])) for term in terms))

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
            factor = self.power()
            if factor.kind == "num" and not factor.value and factors[-1].kind == "name":  # f(0) is no product
                factor = Node("call", factors.pop().text, (factor,))
            factors.append(factor)
        kinds = [one.kind for one in factors]
        if ["num", "name", "num"] in (kinds[place : place + 3] for place in range(len(kinds) - 2)):
            raise UnreadableError("has a number behind a name, as two values with their units have")
        first, *rest = factors
        is_mixed = rest and first.kind == "num" and not first.unit and rest[0].kind == "div" and has_numbers(rest[0])
        return joined("mul", [Node("add", parts=(first, rest[0])), *rest[1:]] if is_mixed else factors)


def _alternatives(members: list[Node], joints: list[str]) -> Node:
    """Return statements joined by "and" and "or", of which "and" binds closer."""
    groups = [[members[0]]]
    for joint, member in zip(joints, members[1:], strict=True):
        if joint == "or":
            groups.append([member])
        else:
            groups[-1].append(member)
    return Node("list", "or", tuple(Node("list", "and", tuple(one)) if len(one) > 1 else one[0] for one in groups))
