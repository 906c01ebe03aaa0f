// Opens views of the report and looks for what in the page does not come from it. Loaded before the page's own scripts.
'use strict';

(() => {
  const LOADING = [
    'iframe', 'frame', 'frameset', 'object', 'embed', 'applet', 'portal', 'base', 'audio', 'video', 'source', 'track',
    'template', 'area', 'marquee', 'body style', 'body link', 'body meta', 'math script', 'svg script',
    'foreignObject', 'animate', 'set', 'use', 'image', 'feImage',
  ];
  const ADDRESSES = new Set([
    'href', 'xlink:href', 'src', 'srcset', 'action', 'formaction', 'poster', 'background', 'ping', 'data', 'cite',
  ]);
  const OWN = /^(#|report\/|data:image\/(png|jpeg|webp|gif);)/;
  const NEVER = new Set(['autofocus', 'accesskey', 'contenteditable', 'srcdoc', 'slot', 'is']);
  const ALONE = ['app', 'main'];
  const UNCOVERED = ['.shell h1', '.shell nav a', '.list'];

  const brief = (element) => element.outerHTML.slice(0, 200);

  // Return what is wrong with the attributes of an element.
  function attributes(element) {
    const wrong = ({ name, value }) => name.startsWith('on') || NEVER.has(name) || (ADDRESSES.has(name) && !OWN.test(value))
      || (name === 'style' && /url\(|expression|fixed|https?:/.test(value));
    return [...element.attributes].filter(wrong).map(({ name }) => `attribute ${name}: ${brief(element)}`);
  }

  // Return the elements that load or run something, and are none of the page's.
  function elements() {
    const scripts = [...document.querySelectorAll('script')].filter((script) => {
      const source = script.getAttribute('src') || '';
      return !source.startsWith('report/') || source.includes('..') || script.textContent;
    });
    return [...document.querySelectorAll(LOADING.join()), ...scripts].map((element) => `element: ${brief(element)}`);
  }

  // Return what lies over an element of the page that should be seen.
  function covers(selector) {
    const element = document.querySelector(selector);
    const box = element && element.getBoundingClientRect();
    if (!box || !box.width || box.bottom < 1 || box.top > innerHeight - 1) return [];
    const x = Math.min(box.left + box.width / 2, innerWidth - 1);
    const y = Math.min(box.top + Math.min(box.height, 60) / 2, innerHeight - 1);
    const over = document.elementFromPoint(x, y);
    return over && (element.contains(over) || over.contains(element)) ? [] : [`over ${selector}: ${over && brief(over)}`];
  }

  // Return all that in the page does not come from it.
  function audit() {
    const found = [...elements(), ...[...document.body.querySelectorAll('*')].flatMap(attributes), ...UNCOVERED.flatMap(covers)];
    for (const id of ALONE) if (document.querySelectorAll(`[id="${id}"]`).length !== 1) found.push(`id ${id} is not alone`);
    if (typeof mathbatch.store.open !== 'function' || 'a' in {}) found.push('objects of the page were changed');
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide, the window ${clientWidth}`);
    return found;
  }

  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  // Wait until the view has an element `drawn` other than `before`, and return it.
  async function anew(drawn, before, what) {
    for (let look = 0; look < 6000; look += 1) {
      const found = document.querySelector(drawn);
      if (found && found !== before) return found;
      await pause(5);
    }
    throw new Error(`not drawn: ${what.slice(0, 300)}`);
  }

  // Unfold all that is folded, render what waits for a click, and wait until nothing more is added.
  async function unfold(element) {
    for (const details of document.querySelectorAll('#main details')) details.open = true;
    for (const button of document.querySelectorAll('.answer-text .hint button')) button.click();
    for (let known = -1, same = 0; same < 3; await pause(4)) {
      const now = element.getElementsByTagName('*').length;
      same = now === known ? same + 1 : 0;
      known = now;
    }
  }

  // Open a view by its address; `drawn` selects the element that it makes anew.
  async function open(hash, drawn) {
    const before = document.querySelector(drawn);
    location.hash = hash;
    await unfold(await anew(drawn, before, hash));
  }

  // Press a key so many times and look at the page after each. Return [text, findings] of each press with findings.
  async function walk(key, times, drawn) {
    const noted = [];
    for (let step = 0; step < times; step += 1) {
      const before = document.querySelector(drawn);
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      const found = await anew(drawn, before, `step ${step} behind ${before && before.textContent.slice(0, 80)}`);
      await unfold(found);
      const bad = audit();
      if (bad.length) noted.push([found.textContent.slice(0, 80), bad.slice(0, 5)]);
    }
    return noted;
  }

  Object.defineProperty(window, '__look', { value: { audit, open, walk } });
})();
