// Draws one row as several runs answered it, beside each other, with the words that differ marked.
'use strict';

(() => {
  const { answer, differences, el, labels, parts, plain, prompt, rollouts, route, verdicts } = mathbatch;

  // Return the prompt of a row as one text, pictures by their labels.
  function promptText(detail) {
    const part = (one) => one.text ?? `[picture: ${((detail.pictures || [])[one.picture] || { label: '?' }).label}]`;
    return (detail.messages || []).map(({ role, parts }) => `${role}:\n${parts.map(part).join('')}`).join('\n\n');
  }

  // Return the element of each text, marked where it differs from the first one.
  function markedTexts(texts) {
    if (texts.every((text) => text === texts[0])) return texts.map((text) => answer.raw(text));
    const found = texts.map((text, at) => (at === 0 ? null : differences.parts(texts[0], text)));
    return texts.map((text, at) => {
      const parts = at === 0 ? (texts.length === 2 ? found[1] : null) : found[at];
      if (parts) return differences.marked(parts, at === 0 ? 'first' : 'second');
      const why = at > 0 && el('p', { class: 'hint' }, 'Too long or too different to mark words: shown as written.');
      return el('div', {}, why, answer.raw(text));
    });
  }

  // Draw the prompt once if all runs asked the same, else beside each other with what differs.
  function asked(runs, details, rendered) {
    const texts = details.map(promptText);
    if (texts.every((text) => text === texts[0])) {
      return el('section', {}, el('h3', {}, 'Prompt, the same in all'), prompt.messages(details[0], runs[0], rendered));
    }
    const marked = markedTexts(texts);
    return el(
      'section',
      {},
      el('h3', {}, 'Prompts differ'),
      el(
        'div',
        { class: 'beside' },
        marked.map((text, at) => el('div', { class: 'column' }, el('h4', {}, 'ABCD'[at]), text)),
      ),
      el(
        'details',
        { class: 'prompt-of-first' },
        el('summary', {}, 'Prompt of A with its pictures'),
        prompt.messages(details[0], runs[0], rendered),
      ),
    );
  }

  // Return the texts of the chosen rollouts, as the mode shows them.
  function bodies(chosen, mode) {
    if (mode === 'words' && chosen.every((one) => typeof one.text === 'string'))
      return markedTexts(chosen.map((one) => one.text));
    return chosen.map((one) =>
      typeof one.text === 'string'
        ? answer.shown(one.text, { rendered: mode === 'rendered', span: one.span || null })
        : el('p', { class: 'muted' }, 'There is no answer.'),
    );
  }

  // Draw what one run has for the row.
  function column(run, at, one, detail, body, view) {
    const all = detail.rollouts || [];
    return el(
      'div',
      { class: 'column' },
      el('h3', {}, `${'ABCD'[at]} · `, plain.text(labels.run(run), 120)),
      all.length > 1 ? rollouts.strip(all, view.rollouts[at], (number) => view.choose(at, number)) : null,
      el(
        'p',
        { class: 'outcome' },
        verdicts.badge(verdicts.named(one.verdict)),
        ' ',
        el('span', { class: 'mono' }, typeof one.answer === 'string' ? plain.text(one.answer, 300) : ''),
      ),
      one.reason ? el('p', { class: 'hint' }, plain.text(one.reason, 300)) : null,
      rollouts.failure(one, 5000),
      el('div', { class: 'scrolled', tabindex: '0', role: 'region', 'aria-label': `Answer of ${'ABCD'[at]}` }, body),
      el(
        'p',
        { class: 'hint' },
        el(
          'a',
          { href: route.href('samples', { run: run.key, id: detail.id, rollout: view.rollouts[at] || null }) },
          `Open in samples of ${'ABCD'[at]}`,
        ),
      ),
    );
  }

  // Let boxes scroll together, by the share of their height.
  function together(boxes) {
    let leader = null;
    boxes.forEach((box) =>
      box.addEventListener(
        'scroll',
        () => {
          if (leader && leader !== box) return;
          leader = box;
          const share = box.scrollTop / Math.max(1, box.scrollHeight - box.clientHeight);
          boxes.forEach((other) => {
            if (other !== box) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
          });
          requestAnimationFrame(() =>
            requestAnimationFrame(() => {
              leader = null;
            }),
          );
        },
        { passive: true },
      ),
    );
  }

  // Draw a row. `view` has: rollouts (one for each run), mode (words, rendered or written), choose, setMode, step, canStep.
  function draw(runs, details, view) {
    const chosen = details.map(
      (detail, at) => (detail.rollouts || [])[Math.min(view.rollouts[at], (detail.rollouts || []).length - 1)] || {},
    );
    const texts = bodies(chosen, view.mode);
    const columns = runs.map((run, at) => column(run, at, chosen[at], details[at], texts[at], view));
    together(columns.map((one) => one.querySelector('.scrolled')));
    const mode = (value, words) =>
      el(
        'button',
        { type: 'button', 'aria-pressed': String(view.mode === value), click: () => view.setMode(value) },
        words,
      );
    const gold = details[0].gold;
    return el(
      'article',
      { class: 'sample', 'aria-label': `Sample ${plain.line(details[0].id, 100)}` },
      el(
        'header',
        { class: 'sample-head' },
        el('h2', { tabindex: '-1' }, plain.text(details[0].id, 300)),
        el(
          'p',
          { class: 'hint' },
          'gold ',
          gold === undefined || gold === null ? 'none' : el('strong', { class: 'mono' }, plain.text(gold, 300)),
        ),
        el(
          'div',
          { class: 'tools' },
          parts.steps(view),
          el(
            'div',
            { class: 'tools', role: 'group', 'aria-label': 'Answers' },
            mode('words', 'Differences'),
            mode('rendered', 'Rendered'),
            mode('written', 'As written'),
          ),
        ),
      ),
      el('div', { class: 'beside' }, columns),
      asked(runs, details, view.mode !== 'written'),
    );
  }

  mathbatch.sideBySide = draw;
})();
