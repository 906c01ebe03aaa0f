// Shows the text of `data-tip` beside what the pointer or the focus is on. What matters is in the accessible name too.
'use strict';

(() => {
  const { el } = mathbatch;
  // Milliseconds in which the pointer may move from a mark into its tip.
  const GRACE = 120;
  const tip = el('div', { id: 'tip', role: 'tooltip', hidden: true });
  let hiding = null;

  // Return the element with a tip that an event is about.
  const owner = (event) => (event.target instanceof Element ? event.target.closest('[data-tip]') : null);

  // Place the tip above the element, below it where there is no room.
  function place(element) {
    const box = element.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(
      Math.max(8, box.left + box.width / 2 - width / 2),
      document.documentElement.clientWidth - width - 8,
    );
    const above = box.top - height - 6;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : Math.min(box.bottom + 6, window.innerHeight - height - 4)}px`;
  }

  function show(element) {
    clearTimeout(hiding);
    if (!tip.isConnected) document.body.append(tip);
    tip.textContent = element.dataset.tip;
    tip.hidden = false;
    place(element);
  }

  function hide() {
    clearTimeout(hiding);
    hiding = setTimeout(() => {
      tip.hidden = true;
    }, GRACE);
  }

  for (const name of ['pointerover', 'focusin']) {
    document.addEventListener(name, (event) => {
      const element = owner(event);
      if (element) show(element);
      else if (event.target === tip) clearTimeout(hiding);
    });
  }
  for (const name of ['pointerout', 'focusout']) {
    document.addEventListener(name, (event) => {
      if (owner(event) || event.target === tip) hide();
    });
  }
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') tip.hidden = true;
  });
  window.addEventListener(
    'scroll',
    () => {
      tip.hidden = true;
    },
    { passive: true },
  );
  window.addEventListener('hashchange', () => {
    tip.hidden = true;
  });
})();
