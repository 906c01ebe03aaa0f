"""Responses that try to break whoever reads them: towers, floods, injections, bait for regular expressions.

None of them states 7/13, which is the gold answer of all of them, nor the last of five choices.
"""

from __future__ import annotations

import random
from collections.abc import Callable

GOLD = r"\frac{7}{13}"
MOST = 200_000
"""Characters of one; a response states it once or twice."""
Make = Callable[[random.Random], str]


def responses(count: int, seed: int) -> list[str]:
    """So many, each kind as often as the others; most state their horror as the answer, in one way or another."""
    rng = random.Random(seed)
    return [_stated(rng, KINDS[at % len(KINDS)](rng)[:MOST]) for at in range(count)]


def _stated(rng: random.Random, horror: str) -> str:
    forms = [
        f"So we get \\boxed{{{horror}}}.", f"The answer is ${horror}$.", horror, f"#### {horror}", f"**Answer:** {horror}",
        f"Therefore, x = {horror}", f"\\[ {horror} \\]", f"<think>{horror}", f"{horror}\n\nThe answer is {horror}", f"$\\boxed{{{horror}$",
    ]  # fmt: skip
    return rng.choice(forms)


def _tower(rng: random.Random) -> str:
    base, sign = rng.randint(5, 99), rng.choice(["^", "**", " ^ "])
    return sign.join([str(base)] * rng.randint(3, 9))


def _braced_tower(rng: random.Random) -> str:
    height = rng.randint(2, 30)
    return f"{rng.randint(5, 99)}^{{" * height + "9" + "}" * height


def _hidden_tower(rng: random.Random) -> str:
    big = rng.randint(50, 99999)
    return rng.choice([
        rf"\left({big}^{{{big}}}\right)^{{{big}}}", rf"\sqrt{{{big}^{{{big}^{{{big}}}}}}}", rf"\frac{{{big}^{{{big}{big}}}}}{{3}}",
        rf"\exp(\exp(\exp({big})))", rf"e^{{e^{{e^{{{big}}}}}}}", rf"10^{{10^{{{big}}}}}", rf"(x+y+z)^{{{big}}}", rf"({big}!)^{{{big}!}}",
        rf"x^{{{big}}}+y^{{{big}}}=z^{{{big}}}", rf"\log_{{{big}}}({big}^{{{big}^{{9}}}})", f"1e{big}{big}", f"{big}E{big}{big}", rf"\cos({big}^{{{big}}})",
        rf"\sqrt[{big}{big}]{{{big}^{{{big}}}}}", rf"2^{{\frac{{1}}{{{big}{big}}}}}", rf"0.{big}^{{-{big}{big}}}", rf"\left(\frac{{{big}}}{{3}}\right)^{{{big}.5}}",
    ])  # fmt: skip


def _digits(rng: random.Random) -> str:
    digits = "".join(rng.choices("123456789", k=rng.choice([120, 5_000, 100_000])))
    return rng.choice([digits, f"0.{digits}", f"{digits}/{digits[::-1]}", ",".join(digits[:9000]), f"-{digits}%"])


def _nested(rng: random.Random) -> str:
    depth = rng.choice([15, 30, 300, 20_000])
    opening, closing = rng.choice([
        ("(", ")"), ("[", "]"), ("{", "}"), (r"\frac{", "}{2}"), (r"\frac{1}{1+", "}"), (r"\sqrt{", "}"), (r"\left(", r"\right)"), (r"\sqrt[3]{", "}"),
        (r"\boxed{", "}"), (r"\text{", "}"), ("|", "|"), (r"\{", r"\}"), ("-(", ")"), (r"\sin(", ")"), ("$", "$"), (r"\begin{array}", r"\end{array}"),
    ])  # fmt: skip
    return opening * depth + "1" + closing * rng.choice([depth, depth, depth - 1, 0])


def _prefixes(rng: random.Random) -> str:
    piece = rng.choice(
        [r"\sqrt", "-", "+", "~", r"\frac", "!", "1!", r"\sin", r"\log", "√", r"\neg ", "2^", r"\left", "'", "x_"]
    )
    return piece * rng.choice([12, 90, 400, 9_000]) + "2"


def _many(rng: random.Random) -> str:
    items = [str(rng.randint(100, 10**6)) for _ in range(rng.choice([60, 240, 6_000]))]
    joined = rng.choice(
        [",", ", ", r" \cup ", " or ", r" \text{ and } ", "; ", "+", r" \cdot ", " = ", "<", r"\\", " & "]
    ).join(items)
    opening, closing = rng.choice([("", ""), (r"\{", r"\}"), ("(", ")"), ("[", ")"), (r"x \in \{", r"\}"), ("x=", "")])
    return opening + joined + closing


def _matrix(rng: random.Random) -> str:
    side = rng.choice([6, 14, 80])
    rows = r" \\ ".join(" & ".join(str(rng.randint(2, 99)) for _ in range(side)) for _ in range(side))
    matrix = rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
    return rng.choice([matrix, matrix + "^{-1}", rf"\det{matrix}", matrix + "^{99}", matrix * 2])


def _combinatorial(rng: random.Random) -> str:
    big = rng.randint(10**5, 10**9)
    return rng.choice([
        f"{big}!", f"({big}!)!", f"{rng.randint(5, 150)}!!", rf"\binom{{{big}}}{{{big // 2}}}", rf"{{{big} \choose {big // 3}}}", f"factorial({big})",
        f"gamma({big})", rf"\Gamma({big})", f"binomial({big},{big // 2})", f"C({big},{big // 2})", f"fibonacci({big})", f"prime({big})", f"factorint({big}**9)",
        f"zeta({big})", f"bernoulli({big})", f"{big}^{{{big}!}}", rf"\varphi({big}^{{99}})", f"primepi({big}**3)", f"harmonic({big})", f"bell({big})",
    ])  # fmt: skip


def _work(rng: random.Random) -> str:
    big = rng.randint(10**5, 10**9)
    return rng.choice([
        rf"\sum_{{n=1}}^{{{big}}} \frac{{1}}{{n^3}}", r"\int_0^\infty e^{-x^2} \sin(x^3) dx", r"\lim_{x \to 0} \frac{\sin(\sin(\sin x)))}{x^9}", rf"\prod_{{k=1}}^{{{big}}} (k^2+1)",
        r"\iint_D \sqrt{x^4+y^4} dA", f"Sum(1/n, (n, 1, {big}))", "Integral(exp(sin(x)**x), (x, 0, oo))", "integrate(sin(x**x),x)", "solve(x**99+x+1)",
        r"x^{99}+7x^{98}+3=0", r"\int\int\int\int x", r"\frac{d^{99}}{dx^{99}} \tan(x)", "limit(sin(x)/x,x,0)", "nsolve(x**x-3,x,1)", f"range({big})", f"Poly(x**{big}+1).factor()",
        r"\sqrt{2+\sqrt{3+\sqrt{5+\sqrt{7+\sqrt{11+\sqrt{13}}}}}}-\sqrt[7]{19}", r"\sin^{99}(x)\cos^{99}(y)\tan^{99}(z)", r"(a+b+c+d+e+f+g+h)^{20}(i+j+k+l+m+n+o)^{20}",
        r"(a+b+c+d)^{19}(e+f+g+h)^{19}=(x+y+z)^{19}", r"\frac{(a+b+c)^{20}-(d+e+f)^{20}}{(x+y+z)^{20}}",
    ])  # fmt: skip


def _injected(rng: random.Random) -> str:
    return rng.choice([
        "__import__('os').system('touch HACKED')", "eval('9**9**9')", "exec(open('x').read())", "().__class__.__bases__[0].__subclasses__()", "lambda: 0",
        "open('HACKED','w')", "[0]*10**10", "'a'*10**10", "(0,)*10**10", "x.func_globals", "symbols('x').subs(9,9**9)", "print(9)", "input()", "exit()", "quit()",
        r"\input{/etc/passwd}", r"\include{/dev/zero}", r"\write18{touch HACKED}", r"\def\x{\x\x}\x", r"\newcommand{\a}{\a\a}\a", r"\loop\iftrue\repeat", r"\csname x\endcsname",
        r"\catcode`\{=12", "{{ 9*9 }}", "{% for x in range(10**9) %}x{% endfor %}", "${7*7}", "%s%n%s%n", "'; DROP TABLE scores; --", "<script>alert(1)</script>", "[bold]x[/bold]", "[/]",
        "while True: pass", "import os; os._exit(1)", "globals()", "Symbol('x')*10**9", "Matrix(9999,9999,lambda i,j:i*j)", "10**10**10", "1<<10**10", "1 if 2 else 3", "x:=9",
    ])  # fmt: skip


def _flood(rng: random.Random) -> str:
    piece = rng.choice([
        "a", " ", "\n", "\t", "-", ",", ".", "(", ")", "{", "}", "[", "\\", "$", "#", "*", "_", "=", "9", "0.", "1,", "1/", "the answer is ", "answer: ", "(A) (B) ", "A, B, ", r"\frac{",
        r"\frac", r"\boxed{", r"\boxed{9}", r"\text{", "**x** ", "So ", "Therefore, ", "is ", "and ", ", so ", "answer is the answer ", "final answer ", "option A is ", "Option ", "1 3/4 ",
        "2 \\times 10^", "hope this ", "twenty ", "one hundred and ", "答案是", "选A", "故", "十", "，", "<think>", "</think>", "#### ", "####", "there are ", "in 1999 ", "x=", "A. ",
        "1. ", "(A", "(a) ", "\\ ", "\\left", "\\sqrt{", "√", "^\\circ", "°", "\\%", "percent ", "\r", "\r\n", "[1, ", "['", "yes no ", "not ", "can't ", "The option (B) ", "\\$ ",
    ])  # fmt: skip
    return piece * (rng.choice([400, 3_000, 30_000, 100_000]) // len(piece))


def _strange(rng: random.Random) -> str:
    piece = rng.choice([
        "\x00", "a\x00b", "\ud800", "\udfff9", "5\udc80", "\u202e12\u202c", "\u200f9\u200e", "\x07\x08\x1b[31m", "\ufeff", "\u2028", "\u0085", "\U0001f600", "\U0010ffff", "𝟗", "９", "٣", "½",
        "Ⅸ", "⁹⁹", "x̷̛̙", "e\u0301" * 50, "ﷺ", "ß", "İ", "\u0660", "೬", "一", "\u00a0", "∞", "≠", "∑", "√" * 9, "\u0338", "⁄", "1⁄3", "％", "\ufffe", "\uffff", "௧", "²", "x²", "\u3000",
    ])  # fmt: skip
    return piece * rng.choice([1, 1, 40, 5_000])


def _boxes(rng: random.Random) -> str:
    inner = rng.choice(["9", "9^9^9", "", " ", "A", r"\boxed{", "}", "{", r"\frac{1}{", "x" * 2000])
    return f"\\boxed{{{inner}}} " * rng.choice([20, 10_000])


def _noise(rng: random.Random) -> str:
    alphabet = r"\{}()[]$^_&%#~+-*/=<>|!?.,:;'" + "0123456789abcxyzABCD \n"
    words = [
        r"\frac",
        r"\sqrt",
        r"\left",
        r"\right",
        r"\cdot",
        r"\pi",
        r"\in",
        r"\cup",
        r"\pm",
        r"\infty",
        r"\begin{cases}",
        "^{",
        "_{",
        r"\text{",
        r"\boxed{",
        "!",
        r"\le",
    ]
    return "".join(rng.choice(words if rng.random() < 0.2 else alphabet) for _ in range(rng.choice([30, 90, 300, 900])))


KINDS: list[Make] = [
    _tower, _braced_tower, _hidden_tower, _digits, _nested, _prefixes, _many, _matrix, _combinatorial, _work, _injected, _flood, _flood, _strange, _boxes, _noise, _noise, _hidden_tower, _nested, _work,
]  # fmt: skip
