// Draws a list of any length: only the rows that are seen are in the page.
'use strict';

(() => {
  const { el } = mathbatch;
  // Rows above and below those that are seen, so that scrolling finds them drawn.
  const SPARE = 8;
  let made = 0;

  // Make a list. `row(item)` returns the nodes of one row, `pick(place)` is told which one was chosen.
  function list({ label, height, row, pick }) {
    const name = `list${++made}`;
    const inner = el('div', { class: 'list-inner', role: 'presentation' });
    const root = el('div', { class: 'list', role: 'listbox', tabindex: '0', 'aria-label': label }, inner);
    const shown = new Map();
    let items = [];
    let chosen = -1;
    let seenHeight = 0;

    // Make the element of one row.
    function option(place) {
      const element = el(
        'div',
        {
          class: 'list-row',
          role: 'option',
          id: `${name}-${place}`,
          'aria-setsize': items.length,
          'aria-posinset': place + 1,
        },
        row(items[place]),
      );
      element.style.height = `${height}px`;
      element.style.transform = `translateY(${place * height}px)`;
      element.addEventListener('click', () => pick(place));
      return element;
    }

    // Draw the rows that are seen and drop the others.
    function draw() {
      const from = Math.max(0, Math.floor(root.scrollTop / height) - SPARE);
      const to = Math.min(items.length, Math.ceil((root.scrollTop + root.clientHeight) / height) + SPARE);
      for (const [place, element] of shown)
        if (place < from || place >= to) {
          element.remove();
          shown.delete(place);
        }
      for (let place = from; place < to; place += 1) {
        if (!shown.has(place)) {
          shown.set(place, option(place));
          inner.append(shown.get(place));
        }
        shown.get(place).setAttribute('aria-selected', String(place === chosen));
      }
      if (shown.has(chosen)) root.setAttribute('aria-activedescendant', `${name}-${chosen}`);
      else root.removeAttribute('aria-activedescendant');
    }

    // Tell whether the chosen row was seen before the list got another height.
    const wasSeen = () =>
      chosen >= 0 && chosen * height >= root.scrollTop - height && chosen * height < root.scrollTop + seenHeight;

    // Scroll as little as is needed to see a place.
    function reveal(place) {
      const top = place * height;
      if (top < root.scrollTop) root.scrollTop = top;
      else if (top + height > root.scrollTop + root.clientHeight) root.scrollTop = top + height - root.clientHeight;
    }

    // Show other items; the place that was at the top stays there if `keep` says where it is now.
    function show(next, place, keep = null) {
      const offset = root.scrollTop % height;
      items = next;
      chosen = place;
      shown.forEach((element) => element.remove());
      shown.clear();
      inner.style.height = `${items.length * height}px`;
      if (keep !== null) root.scrollTop = keep * height + offset;
      if (chosen >= 0 && keep === null) reveal(chosen);
      draw();
    }

    // Mark the place that is chosen.
    function choose(place) {
      chosen = place;
      if (place >= 0) reveal(place);
      draw();
    }

    // Draw the rows anew, since what they show has changed.
    function redraw() {
      shown.forEach((element) => element.remove());
      shown.clear();
      draw();
    }

    // Move through the list by the keys of a list.
    function press(event) {
      const page = Math.max(1, Math.floor(root.clientHeight / height) - 1);
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
      if (!(event.key in steps) || !items.length) return;
      event.preventDefault();
      pick(Math.max(0, Math.min(items.length - 1, Math.max(chosen, 0) + steps[event.key])));
    }

    root.addEventListener('scroll', () => requestAnimationFrame(draw), { passive: true });
    root.addEventListener('keydown', press);
    new ResizeObserver(() => {
      if (wasSeen()) reveal(chosen);
      seenHeight = root.clientHeight;
      draw();
    }).observe(root);
    return { element: root, show, choose, redraw, top: () => Math.floor(root.scrollTop / height), place: () => chosen };
  }

  mathbatch.list = list;
})();
