"""Open samples of a report in a browser, and look for what a hostile text could have left in the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Says what in the page is none of its own: elements that load or run something, handlers, addresses that lead out, and
# texts drawn over the header or the list.
AUDIT = """() => {
  const bad = [];
  const say = (element, what) => bad.push(`${what}: ${element.outerHTML.slice(0, 200)}`);
  const LOADING = 'iframe, frame, object, embed, base, audio, video, source, track, portal, applet, math script, foreignObject, animate, set, use, image, feImage, template, area, frameset, marquee';
  for (const element of document.querySelectorAll(LOADING)) say(element, 'element');
  for (const element of document.querySelectorAll('body style, body link, body meta')) say(element, 'element');
  for (const element of document.querySelectorAll('script')) {
    const source = element.getAttribute('src') || '';
    if (!source.startsWith('report/') || source.includes('..') || element.textContent) say(element, 'script');
  }
  const ADDRESSES = ['href', 'xlink:href', 'src', 'srcset', 'action', 'formaction', 'poster', 'background', 'ping', 'data', 'cite'];
  for (const element of document.body.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) say(element, 'handler');
      if (ADDRESSES.includes(name) && !/^(#|report\\/|data:image\\/(png|jpeg|webp|gif);)/.test(value)) say(element, 'address');
      if (name === 'style' && /url\\(|expression|fixed|https?:/.test(value)) say(element, 'style');
      if ((name === 'autofocus' || name === 'accesskey' || name === 'contenteditable')) say(element, 'attribute');
    }
  }
  for (const id of ['app', 'main']) if (document.querySelectorAll(`[id="${id}"]`).length !== 1) bad.push(`id ${id} is not alone`);
  if (typeof mathbatch.store.open !== 'function' || ({}).polluted !== undefined) bad.push('objects of the page were changed');
  for (const selector of ['.shell h1', '.shell nav a', '.list']) {
    const element = document.querySelector(selector);
    const box = element && element.getBoundingClientRect();
    if (!box || box.width === 0 || box.bottom < 1 || box.top > innerHeight - 1) continue;
    const over = document.elementFromPoint(Math.min(box.left + box.width / 2, innerWidth - 1), Math.min(box.top + Math.min(box.height, 60) / 2, innerHeight - 1));
    if (!over || !(element.contains(over) || over.contains(element))) bad.push(`over ${selector} lies ${over && over.outerHTML.slice(0, 200)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) bad.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${innerWidth}`);
  return bad;
}"""

# Waits until the view has an element `drawn` other than `before`, and then until nothing more is added to it.
TOOLS = """
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const drawnAnew = async (drawn, before, what) => {
    for (let look = 0; look < 6000; look += 1) {
      const found = document.querySelector(drawn);
      if (found && found !== before) return found;
      await pause(5);
    }
    throw new Error(`${what.slice(0, 300)} was not drawn`);
  };
  const settled = async (element) => {
    const size = () => element.getElementsByTagName('*').length;
    for (let known = -1, same = 0; same < 3; ) {
      const now = size();
      same = now === known ? same + 1 : 0;
      known = now;
      await pause(4);
    }
  };
  const unfold = () => {
    for (const details of document.querySelectorAll('#main details')) details.open = true;
    for (const button of document.querySelectorAll('.answer-text .hint button')) button.click();
  };
"""

OPEN = f"""async ([hash, drawn]) => {{ {TOOLS}
  const before = document.querySelector(drawn);
  location.hash = hash;
  const found = await drawnAnew(drawn, before, hash);
  unfold();
  await settled(found);
}}"""

# Presses a key so many times, and looks at the page after each. Returns [title, findings] for each press with findings.
WALK = f"""async ([key, times, drawn]) => {{ {TOOLS}
  const look = {AUDIT};
  const noted = [];
  for (let step = 0; step < times; step += 1) {{
    const before = document.querySelector(drawn);
    document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}));
    const found = await drawnAnew(drawn, before, `step ${{step}} behind ${{before && before.textContent.slice(0, 80)}}`);
    unfold();
    await settled(found);
    const bad = look();
    if (bad.length) noted.push([found.textContent.slice(0, 80), bad.slice(0, 5)]);
  }}
  return noted;
}}"""


def open_view(page: Page, address: str, drawn: str) -> None:
    """Open a view by the part of its address behind `#`, with all that is folded in it, once it draws no more.

    `drawn` selects the element that the view makes anew.
    """
    page.evaluate(OPEN, [address, drawn])


def walk(page: Page, key: str, times: int, drawn: str) -> list[tuple[str, list[str]]]:
    """Press a key so many times and return what then was in the page and does not come from it."""
    found: list[Any] = page.evaluate(WALK, [key, times, drawn])
    return [(str(name), [str(one) for one in bad]) for name, bad in found]


def findings(page: Page) -> list[str]:
    """Return what in the page does not come from it."""
    found: list[Any] = page.evaluate(AUDIT)
    return [str(one) for one in found]
