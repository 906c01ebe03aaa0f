// Shows a long text of a model: rendered, or as it was written, without waiting for texts of megabytes.
'use strict';

(() => {
  const { el, plain, rich } = mathbatch;
  // Up to how many characters, and parts such as cells and words in bold, a text is rendered at once, and if it is asked for.
  const AT_ONCE = { characters: 200_000, parts: 40_000 };
  const AT_MOST = { characters: 600_000, parts: 150_000 };
  // Characters of a text as written that are shown at once, and with each further step.
  const HEAD = 50_000;
  const TAIL = 10_000;
  const STEP = 100_000;

  // Return the parts of a text to show at first: its beginning, its end, and where the extracted answer stands.
  function firstParts(length, span) {
    if (length <= HEAD + TAIL + STEP) return [[0, length]];
    const wanted = [
      [0, HEAD],
      [length - TAIL, length],
    ];
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
    return [
      ...plain.nodes(text.slice(from, start)),
      el('mark', { class: 'taken' }, plain.nodes(text.slice(start, end))),
      ...plain.nodes(text.slice(end, to)),
    ];
  }

  // Make a button in place of what is left out; it shows the next part of it.
  function gap(text, from, to) {
    const left = (to - from).toLocaleString('en');
    const button = el(
      'button',
      {
        type: 'button',
        class: 'gap',
        click: () => {
          const end = Math.min(to, from + STEP);
          button.replaceWith(...plain.nodes(text.slice(from, end)), ...(end < to ? [gap(text, end, to)] : []));
        },
      },
      `… ${left} characters left out: show ${to - from > STEP ? 'more' : 'them'} …`,
    );
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

  // Return the rendered text, or null if it is larger than a limit.
  const within = (text, span, limit) => (text.length <= limit.characters ? rich(text, span, limit.parts) : null);

  // Show a text that is too large to be rendered at once as it was written, with the way to render it all the same.
  function large(box, text, span) {
    const say = el('span', {}, `A large text, ${text.length.toLocaleString('en')} characters: shown as written. `);
    const button =
      text.length <= AT_MOST.characters &&
      el(
        'button',
        {
          type: 'button',
          click: () => {
            const made = within(text, span, AT_MOST);
            if (made) box.replaceChildren(made);
            else {
              button.remove();
              say.textContent = 'This text has too many parts to be rendered: shown as written.';
            }
          },
        },
        'Render it anyway',
      );
    return [el('p', { class: 'hint' }, say, button), raw(text, span)];
  }

  // Make an element with a text, rendered if it is asked for and small enough.
  function shown(text, { rendered, span = null }) {
    const box = el('bdi', { class: 'answer-text' });
    const made = rendered ? within(text, span, AT_ONCE) : raw(text, span);
    box.append(...(made ? [made] : large(box, text, span)));
    return box;
  }

  mathbatch.answer = { shown, raw };
})();
