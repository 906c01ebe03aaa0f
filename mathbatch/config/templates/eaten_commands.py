r"""Find LaTeX commands whose backslash and first letter an escape has eaten: "\x0crac{1}{2}" was "\frac{1}{2}".

Between double quotes YAML, JSON and Python read `\b`, `\f`, `\t` and others as control characters. What is left of
`\boxed{}` is a backspace and `oxed{}`, which nobody sees on a screen.
"""

from __future__ import annotations

import re

# Letters of the escapes that YAML, JSON and Python know, by the character that each becomes.
ESCAPES = {
    "\a": "a", "\b": "b", "\x1b": "e", "\f": "f", "\v": "v",
    "\n": "n", "\r": "r", "\t": "t", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
# Characters that no text needs before a letter, so that any word after one was a command.
NEVER_TEXT = "\a\b\x1b\v"
# Commands whose escapes become characters that texts do have.
NAMES = r"""
    \fallingdotseq \fbox \flat \footnotesize \forall \frac \frak \framebox \frown
    \nabla \natural \ncong \nearrow \neq \newcommand \newline \nexists \ngeq \ngeqslant \nleftarrow \nleq \nleqslant
    \nobreak \noindent \nolimits \nonumber \norm \normalsize \not \notag \notin \nprec \nrightarrow \nsubseteq \nsucc
    \nsupseteq \nvdash \nwarrow \nLeftarrow \nLeftrightarrow \nRightarrow
    \raisebox \rangle \rbrace \rbrack \rceil \rfloor \rgroup \rho \right \rightarrow \rightharpoonup \rightleftharpoons
    \rightrightarrows \rightsquigarrow \rlap \rm \root \rvert \rVert
    \tag \tanh \tbinom \text \textbf \textcircled \textit \textnormal \textrm \textsc \textsf \textstyle \texttt \textup
    \tfrac \therefore \theta \thickapprox \thicksim \thinspace \tilde \times \tiny \triangle \triangledown
    \triangleleft \trianglelefteq \triangleq \triangleright \trianglerighteq \twoheadrightarrow
    \Lambda \Large \Leftarrow \Leftrightarrow \Longleftarrow \Longleftrightarrow \Longrightarrow \Lsh
    \Phi \Pi \Pr \Psi
"""
COMMANDS = frozenset(NAMES.split())
# What is left of these may be a word or a letter of its own, unless it stands in a formula.
COMMANDS_IN_FORMULAS = frozenset(
    [r"\tan", r"\tau", r"\to", r"\top", r"\ne", r"\neg", r"\ni", r"\nmid", r"\nsim", r"\nu"]
)
FORMULA_LENGTH = 200
WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
EATEN = re.compile(f"([{''.join(ESCAPES)}])([A-Za-z]+)")


def eaten_commands(text: str) -> list[str]:
    r"""Return the LaTeX commands of which a control character is left, each once, in order: "\x08oxed{7}" -> `\boxed`.

    Newlines and tabs count only before what is left of a well-known command and is no English word.
    """
    found: dict[str, None] = {}
    for eaten in EATEN.finditer(text):
        command = f"\\{ESCAPES[eaten[1]]}{eaten[2]}"
        stands_in_formula = command in COMMANDS_IN_FORMULAS and _in_formula(text, eaten.start())
        if eaten[1] in NEVER_TEXT or command in COMMANDS or stands_in_formula:
            found[command] = None
    return list(found)


def is_command(text: str) -> bool:
    r"""Tell whether a backslash and letters are a well-known LaTeX command, such as `\nabla`, or no escape at all."""
    return text in COMMANDS or text in COMMANDS_IN_FORMULAS


def _in_formula(text: str, at: int) -> bool:
    """Tell whether a place lies between two dollars that have a formula between them, and no words."""
    if text.count("$", 0, at) % 2 == 0:
        return False
    begin, end = text.rfind("$", 0, at), text.find("$", at)
    return 0 <= end - begin <= FORMULA_LENGTH and not WORD.search(EATEN.sub("", text[begin:end]))
