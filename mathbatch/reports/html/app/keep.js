// Keeps what a reader has done to a view (focus, scrolling, open parts) while it is drawn anew.
'use strict';

(() => {
  // Return what an element is known by after it was made anew: its place among those of the same kind and name.
  function identify(main, element) {
    if (!element || element === main || !main.contains(element)) return null;
    const name = element.id ? `#${CSS.escape(element.id)}` : element.tagName.toLowerCase();
    const href = element.getAttribute('href');
    const alike = (other) => other.getAttribute('href') === href;
    const at = [...main.querySelectorAll(name)].filter(alike).indexOf(element);
    return () => [...main.querySelectorAll(name)].filter(alike)[at];
  }

  // Return the boxes that scroll sideways, by their position.
  const scrolled = (main) => [...main.querySelectorAll('.scroll')];

  // Draw a view anew and put back what was open, scrolled and focused.
  mathbatch.keep = async (main, draw) => {
    const again = identify(main, document.activeElement);
    const open = new Set([...main.querySelectorAll('details[data-keep][open]')].map((box) => box.dataset.keep));
    const lefts = scrolled(main).map((box) => box.scrollLeft);
    const [x, y] = [window.scrollX, window.scrollY];
    await draw();
    for (const box of main.querySelectorAll('details[data-keep]')) {
      if (open.has(box.dataset.keep)) {
        box.open = true;
        box.fill?.();
      }
    }
    scrolled(main).forEach((box, at) => {
      box.scrollLeft = lefts[at] || 0;
    });
    window.scrollTo(x, y);
    const element = again && again();
    if (element) element.focus({ preventScroll: true });
  };
})();
