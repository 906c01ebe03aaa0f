// Switches between light and dark. Loaded in the head, so that a page that was set to dark never flashes white.
'use strict';

(() => {
  const { kept } = mathbatch;
  const KEY = 'mathbatch-theme';
  const CHOICES = { auto: 'System', light: 'Light', dark: 'Dark' };

  // Show the page in a theme and remember it where that is possible.
  function choose(theme) {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    kept.set(KEY, theme);
  }

  // Return the control with which a reader chooses the theme.
  function control() {
    const { el } = mathbatch;
    const now = document.documentElement.dataset.theme || 'auto';
    const change = (event) => choose(event.target.value);
    const options = Object.entries(CHOICES).map(([value, text]) =>
      el('option', { value, selected: value === now }, text),
    );
    return el(
      'label',
      { class: 'theme' },
      el('span', {}, 'Colours'),
      el('select', { 'aria-label': 'Colours', onchange: change }, options),
    );
  }

  const before = kept.get(KEY);
  if (before === 'light' || before === 'dark') document.documentElement.dataset.theme = before;

  mathbatch.theme = { control };
})();
