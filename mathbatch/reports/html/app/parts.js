// Makes the parts that several views use: sections, tables, folds and a button that copies.
'use strict';

(() => {
  const { el } = mathbatch;
  let ids = 0;

  // Return a section with its heading.
  function section(title, attributes, ...children) {
    const id = `section-${(ids += 1)}`;
    return el('section', { 'aria-labelledby': id, ...attributes }, el('h3', { id }, title), children);
  }

  // Return a part that opens by a click and stays open when the page is drawn anew; `make` is called once it opens.
  function fold(keep, summary, make) {
    const box = el('details', { 'data-keep': keep }, el('summary', {}, summary));
    const fill = () => {
      if (box.open && box.childElementCount === 1) box.append(make());
    };
    box.addEventListener('toggle', fill);
    box.fill = fill;
    return box;
  }

  // Return a plain table from texts: what a plot shows, for those who would rather read it.
  function table(headings, rows, attributes = {}) {
    const cell = (value, index) =>
      index ? el('td', { class: 'number' }, value) : el('th', { scope: 'row' }, el('bdi', {}, value));
    return el(
      'table',
      { class: 'plain', ...attributes },
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          headings.map((text, index) => el('th', { scope: 'col', class: index ? 'number' : null }, text)),
        ),
      ),
      el(
        'tbody',
        {},
        rows.map((row) => el('tr', {}, row.map(cell))),
      ),
    );
  }

  // Return a plot with its title, and what it shows as a table that is folded away.
  function figure(title, plot, headings, rows) {
    return el(
      'figure',
      { class: 'plot' },
      el('figcaption', {}, title),
      plot,
      fold(`table ${title}`, 'As a table', () => scroll(`${title}, as a table`, table(headings, rows))),
    );
  }

  // Return a box in which what is too wide scrolls, by keyboard too.
  function scroll(label, ...children) {
    return el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, children);
  }

  // Select the text of an element, so that a key copies it where the page may not.
  function select(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  // Return a text as code with a button that copies it; a browser that refuses finds it selected.
  function copy(text, what) {
    const code = el('code', {}, text);
    const told = el('span', { class: 'small muted', role: 'status' });
    async function take() {
      try {
        await navigator.clipboard.writeText(text);
        told.textContent = 'Copied';
      } catch {
        select(code);
        told.textContent = document.execCommand('copy') ? 'Copied' : 'Selected: press Ctrl+C or ⌘C';
      }
    }
    return el(
      'div',
      { class: 'copy' },
      el('pre', { tabindex: '0', role: 'region', 'aria-label': what }, code),
      el('div', {}, el('button', { type: 'button', onclick: take }, `Copy ${what}`), ' ', told),
    );
  }

  // Return the buttons that lead from a sample to its neighbours. `view` has step and canStep.
  function steps(view) {
    const step = (by, sign, label) =>
      el(
        'button',
        { type: 'button', 'aria-label': label, title: label, disabled: !view.canStep(by), click: () => view.step(by) },
        sign,
      );
    return [step(-1, '↑', 'Previous sample (k)'), step(1, '↓', 'Next sample (j)')];
  }

  mathbatch.parts = { section, fold, table, figure, scroll, copy, steps };
})();
