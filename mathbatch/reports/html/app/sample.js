// Draws one row: what was asked, what came of it, and the tools to mark a verdict.
'use strict';

(() => {
  const { el, parts, plain, prompt, rollouts, route } = mathbatch;

  // Return a value of the metadata as text.
  const words = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

  // Make the list of what the dataset says of a row.
  function about(detail) {
    const entries = [
      ...(detail.choices
        ? [
            [
              'choices',
              el(
                'ol',
                { class: 'choices' },
                detail.choices.map((choice) => el('li', {}, plain.text(choice, 2000))),
              ),
            ],
          ]
        : []),
      ...(detail.group ? [['group', plain.text(detail.group, 200)]] : []),
      ...Object.entries(detail.metadata || {}).map(([name, value]) => [name, plain.text(words(value) ?? '', 2000)]),
    ];
    if (!entries.length) return null;
    return el(
      'section',
      { class: 'about' },
      el('h3', {}, 'From the dataset'),
      el(
        'dl',
        { class: 'terms' },
        entries.map(([name, value]) => [el('dt', {}, plain.text(name, 60)), el('dd', {}, value)]),
      ),
    );
  }

  // Make the head of a sample: its id, the way to its neighbours, and how texts are shown.
  function head(run, detail, view) {
    const address = route.href('samples', { run: run.key, id: detail.id, rollout: view.rollout || null });
    return el(
      'header',
      { class: 'sample-head' },
      el('h2', { tabindex: '-1' }, plain.text(detail.id, 300)),
      el(
        'p',
        { class: 'hint' },
        `row ${detail.row.toLocaleString('en')} · `,
        el('a', { href: address }, 'link to this sample'),
      ),
      el(
        'div',
        { class: 'tools' },
        parts.steps(view),
        el(
          'button',
          {
            type: 'button',
            'aria-pressed': String(!view.rendered),
            title: 'Show texts as they were written (r)',
            click: view.toggleRendered,
          },
          'As written',
        ),
      ),
    );
  }

  // Make the part with the answers. `view.triage` makes the tools to mark the chosen one.
  function answers(detail, view) {
    const all = detail.rollouts || [];
    if (!all.length)
      return el(
        'section',
        { class: 'answered' },
        el('h3', {}, 'Answer'),
        el('p', { class: 'muted' }, 'There is none yet.'),
      );
    const chosen = Math.min(view.rollout, all.length - 1);
    return el(
      'section',
      { class: 'answered' },
      el('h3', {}, all.length > 1 ? `Answer ${chosen + 1} of ${all.length}` : 'Answer'),
      all.length > 1
        ? [rollouts.strip(all, chosen, view.chooseRollout), rollouts.table(all, view.chooseRollout)]
        : null,
      rollouts.card(all[chosen], detail.gold, view),
      view.triage ? view.triage(detail, chosen) : null,
    );
  }

  // Make a sample. `view` has: rollout, rendered, step, canStep, chooseRollout, toggleRendered, triage.
  function sample(run, detail, view) {
    const trouble =
      detail.problem &&
      el(
        'p',
        { class: 'failure' },
        el('strong', {}, 'This row could not be asked: '),
        plain.text(detail.problem, 5000),
      );
    return el(
      'article',
      { class: 'sample', 'aria-label': `Sample ${plain.line(detail.id, 100)}` },
      head(run, detail, view),
      el(
        'div',
        { class: 'sample-body' },
        el(
          'div',
          { class: 'asked' },
          el('section', {}, el('h3', {}, 'Prompt'), trouble, prompt.messages(detail, run, view.rendered)),
          about(detail),
        ),
        answers(detail, view),
      ),
    );
  }

  mathbatch.sample = { draw: sample };
})();
