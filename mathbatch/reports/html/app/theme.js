// Switches between light and dark. Loaded in the head, so that a page that was set to dark never flashes white.
'use strict';

window.mathbatch = window.mathbatch || {};

(() => {
  const KEY = 'mathbatch-theme';
  const CHOICES = { auto: 'Like the system', light: 'Light', dark: 'Dark' };

  // Return the saved choice. A browser may refuse to keep anything for a page from a disk.
  function saved() {
    try { return localStorage.getItem(KEY); } catch { return null; }
  }

  // Show the page in a theme and remember it where that is possible.
  function choose(theme) {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try { localStorage.setItem(KEY, theme); } catch { /* It holds until the page is closed. */ }
  }

  // Return the control with which a reader chooses the theme.
  function control() {
    const { el } = mathbatch;
    const now = document.documentElement.dataset.theme || 'auto';
    const change = (event) => choose(event.target.value);
    const options = Object.entries(CHOICES).map(([value, text]) => el('option', { value, selected: value === now }, text));
    return el('label', { class: 'theme' }, el('span', {}, 'Colours'), el('select', { 'aria-label': 'Colours', onchange: change }, options));
  }

  const before = saved();
  if (before === 'light' || before === 'dark') document.documentElement.dataset.theme = before;

  mathbatch.theme = { control };
})();
