// Keeps the focus where it was when a part of the page is drawn anew.
'use strict';

(() => {
  // Return what tells an element apart from its neighbours.
  const nameOf = (element) => element.getAttribute('aria-label') || element.title || element.textContent;

  // Draw anew what is in `root`; the element with the same name gets the focus that one in `root` had, else the heading.
  function keep(root, draw) {
    const held =
      root.contains(document.activeElement) && document.activeElement !== root ? document.activeElement : null;
    const [tag, name] = held ? [held.localName, nameOf(held)] : [null, null];
    draw();
    if (!held || root.contains(document.activeElement)) return;
    const same = [...root.querySelectorAll(tag)].find((element) => nameOf(element) === name && !element.disabled);
    const target = same || root.querySelector('h2');
    if (target) target.focus({ preventScroll: true });
  }

  mathbatch.focus = { keep };
})();
