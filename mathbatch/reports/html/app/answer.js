// Shows a long text of a model: rendered, or as it was written, without waiting for texts of megabytes.
'use strict';

(() => {
  const { el, plain, rich } = mathbatch;
  // Characters up to which a text is rendered at once, and up to which it can be.
  const AT_ONCE = 200_000;
  const AT_MOST = 600_000;
  // Characters of a text as written that are shown at once, and with each further step.
  const HEAD = 50_000;
  const TAIL = 10_000;
  const STEP = 100_000;

  // Return the parts of a text to show at first: its beginning, its end, and where the extracted answer stands.
  function firstParts(length, span) {
    if (length <= HEAD + TAIL + STEP) return [[0, length]];
    const wanted = [[0, HEAD], [length - TAIL, length]];
    if (span) wanted.push([Math.max(0, span[0] - 2000), Math.min(length, span[1] + 2000)]);
    wanted.sort((a, b) => a[0] - b[0]);
    const parts = [];
    for (const part of wanted) {
      const last = parts[parts.length - 1];
      if (last && part[0] <= last[1]) last[1] = Math.max(last[1], part[1]);
      else parts.push(part);
    }
    return parts;
  }

  // Return nodes for a part of a text, with the extracted answer marked.
  function nodesOf(text, from, to, span) {
    if (!span || span[1] <= from || span[0] >= to) return plain.nodes(text.slice(from, to));
    const start = Math.max(from, span[0]);
    const end = Math.min(to, span[1]);
    return [...plain.nodes(text.slice(from, start)), el('mark', { class: 'taken' }, plain.nodes(text.slice(start, end))), ...plain.nodes(text.slice(end, to))];
  }

  // Make a button in place of what is left out; it shows the next part of it.
  function gap(text, from, to) {
    const left = (to - from).toLocaleString('en');
    const button = el('button', { type: 'button', class: 'gap', click: () => {
      const end = Math.min(to, from + STEP);
      button.replaceWith(...plain.nodes(text.slice(from, end)), ...(end < to ? [gap(text, end, to)] : []));
    } }, `… ${left} characters left out: show ${to - from > STEP ? 'more' : 'them'} …`);
    return button;
  }

  // Make an element with a text as it was written.
  function raw(text, span = null) {
    const root = el('div', { class: 'raw' });
    let from = 0;
    for (const [start, end] of firstParts(text.length, span)) {
      if (start > from) root.append(gap(text, from, start));
      root.append(...nodesOf(text, start, end, span));
      from = end;
    }
    return root;
  }

  // Make an element with a text, rendered if it is asked for and short enough.
  function shown(text, { rendered, span = null }) {
    const box = el('bdi', { class: 'answer-text' });
    if (!rendered || text.length <= AT_ONCE) {
      box.append(rendered ? rich(text, span) : raw(text, span));
      return box;
    }
    const size = `${text.length.toLocaleString('en')} characters`;
    const button = text.length <= AT_MOST && el('button', { type: 'button', click: () => box.replaceChildren(rich(text, span)) }, 'Render it anyway');
    box.append(el('p', { class: 'hint' }, `${size}: shown as written. `, button), raw(text, span));
    return box;
  }

  mathbatch.answer = { shown, raw };
})();
