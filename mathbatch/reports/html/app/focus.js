// Keeps the focus where it was, and open what was opened, when a part of the page is drawn anew.
'use strict';

(() => {
  // Return what tells an element apart from its neighbours.
  const nameOf = (element) => element.getAttribute('aria-label') || element.title || element.textContent;

  // Return the parts below an element that can be opened, those of a kind by its class.
  const folds = (root, state = '') => [...root.querySelectorAll(`details[class]${state}`)];

  // Draw anew what is in `root`. Parts of a kind that was open are open again; the element with the same name gets the
  // focus that one in `root` had, else the heading.
  function keep(root, draw) {
    const held =
      root.contains(document.activeElement) && document.activeElement !== root ? document.activeElement : null;
    const [tag, name] = held ? [held.localName, nameOf(held)] : [null, null];
    const open = new Set(folds(root, '[open]').map((fold) => fold.className));
    draw();
    for (const fold of folds(root)) fold.open = fold.open || open.has(fold.className);
    if (!held || root.contains(document.activeElement)) return;
    const same = [...root.querySelectorAll(tag)].find((element) => nameOf(element) === name && !element.disabled);
    const target = same || root.querySelector('h2');
    if (target) target.focus({ preventScroll: true });
  }

  mathbatch.focus = { keep };
})();
