// Draws the answers to one row: verdict, what was extracted, text, reasoning, votes; all rollouts beside each other.
'use strict';

(() => {
  const { answer, el, plain, verdicts } = mathbatch;

  // Return the answer that most rollouts give, with how often, or null if there is no such answer.
  function majority(rollouts) {
    const counts = new Map();
    for (const { answer: found } of rollouts)
      if (found !== null && found !== undefined) counts.set(found, (counts.get(found) || 0) + 1);
    const [first, second] = [...counts].sort((a, b) => b[1] - a[1]);
    return first && (!second || first[1] > second[1]) ? { answer: first[0], count: first[1] } : null;
  }

  // Make the strip of buttons that choose a rollout; those of the majority are underlined.
  function strip(rollouts, chosen, choose) {
    const most = majority(rollouts);
    const buttons = rollouts.map((one, at) => {
      const verdict = verdicts.named(one.verdict);
      const agrees = most && one.answer === most.answer;
      return el(
        'button',
        {
          type: 'button',
          class: agrees ? 'majority' : null,
          'aria-pressed': String(at === chosen),
          title: `Rollout ${at + 1}: ${verdict.label}${agrees ? ', gives the majority’s answer' : ''}`,
          click: () => choose(at),
        },
        el('span', { class: 'aside' }, 'Rollout '),
        String(at + 1),
        verdicts.glyph(verdict),
      );
    });
    const words = most
      ? ['Majority, ', `${most.count} of ${rollouts.length}: `, plain.text(most.answer, 80)]
      : 'No majority';
    return el(
      'div',
      { class: 'rollouts' },
      el('div', { class: 'strip', role: 'group', 'aria-label': 'Rollouts' }, buttons),
      el('p', { class: 'hint' }, words),
    );
  }

  // Make the table of all rollouts.
  function table(rollouts, choose) {
    const most = majority(rollouts);
    const rows = rollouts.map((one, at) =>
      el(
        'tr',
        { class: most && one.answer === most.answer ? 'majority' : null },
        el(
          'td',
          { class: 'number' },
          el(
            'button',
            { type: 'button', class: 'plain-button', click: () => choose(at) },
            el('span', { class: 'aside' }, 'Show rollout '),
            String(at + 1),
          ),
        ),
        el('td', {}, verdicts.badge(verdicts.named(one.verdict))),
        el(
          'td',
          {},
          one.answer === undefined || one.answer === null
            ? el('span', { class: 'muted' }, 'none')
            : plain.text(one.answer, 100),
        ),
        el('td', { class: 'number' }, one.output_tokens === undefined ? '' : one.output_tokens.toLocaleString('en')),
        el('td', {}, one.finish_reason === 'length' ? 'cut at the limit' : plain.text(one.finish_reason || '', 40)),
        el('td', {}, plain.text(one.reason || '', 160)),
      ),
    );
    return el(
      'details',
      { class: 'all-rollouts' },
      el('summary', {}, `All ${rollouts.length} rollouts in a table`),
      el(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'All rollouts' },
        el(
          'table',
          {},
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              ['Rollout', 'Verdict', 'Answer', 'Tokens', 'Ended', 'Reason'].map((name) =>
                el('th', { scope: 'col' }, name),
              ),
            ),
          ),
          el('tbody', {}, rows),
        ),
      ),
    );
  }

  // Return the facts of one rollout as terms and values.
  function facts(one, gold) {
    const tokens = [
      ['prompt', one.prompt_tokens],
      ['output', one.output_tokens],
      ['cached', one.cached_tokens],
    ].filter(([, count]) => count !== undefined && count !== null);
    const none = el('span', { class: 'muted' }, 'none');
    return [
      ['Extracted', one.answer === undefined || one.answer === null ? none : plain.text(one.answer, 2000), true],
      ['Gold', gold === undefined || gold === null ? none : plain.text(gold, 2000), true],
      ['Reason', one.reason && plain.text(one.reason, 2000)],
      [
        'Tokens',
        tokens.length > 0 && tokens.map(([name, count]) => `${name} ${count.toLocaleString('en')}`).join(', '),
      ],
      [
        'Ended',
        one.finish_reason &&
          (one.finish_reason === 'length'
            ? el('strong', { class: 'no-answer' }, 'cut at the limit of tokens')
            : plain.text(one.finish_reason, 60)),
      ],
      [
        'Doubts',
        one.audit &&
          one.audit.length > 0 &&
          el(
            'ul',
            {},
            one.audit.map((reason) => el('li', {}, plain.text(reason, 500))),
          ),
      ],
      [
        'Mark',
        one.mark && [
          plain.text(`should be ${one.mark.verdict}, ${one.mark.fault} at fault`, 100),
          one.mark.note ? [': ', plain.text(one.mark.note, 1000)] : null,
          ' (in the scores)',
        ],
      ],
    ].filter(([, value]) => value);
  }

  // Make the table of what each scorer says.
  function votes(one) {
    const entries = Object.entries(one.votes || {});
    if (!entries.length) return null;
    return el(
      'table',
      { class: 'votes' },
      el('caption', {}, 'Votes'),
      el(
        'tbody',
        {},
        entries.map(([scorer, verdict]) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, plain.text(scorer, 60)),
            el('td', {}, verdicts.badge(verdicts.named(verdict))),
          ),
        ),
      ),
    );
  }

  // Make the part that can be unfolded with what the model thought; it is rendered once it is looked at.
  function reasoning(one, rendered) {
    if (!one.reasoning) return null;
    const details = el(
      'details',
      { class: 'reasoning' },
      el('summary', {}, `Reasoning, ${one.reasoning.length.toLocaleString('en')} characters`),
    );
    details.addEventListener('toggle', () => details.append(answer.shown(one.reasoning, { rendered })), { once: true });
    return details;
  }

  // Make what went wrong with a rollout, or nothing.
  function failure(one, characters) {
    if (!one.failure) return null;
    const kind = el('strong', {}, plain.text(one.failure.kind, 80));
    return el('p', { class: 'failure' }, kind, ': ', plain.text(one.failure.message, characters));
  }

  // Make what is known of one rollout.
  function card(one, gold, { rendered }) {
    const text = one.text === undefined || one.text === null ? null : one.text;
    return [
      el(
        'div',
        { class: 'verdict' },
        verdicts.badge(verdicts.named(one.verdict)),
        el(
          'dl',
          { class: 'terms' },
          facts(one, gold).map(([name, value, large]) => [
            el('dt', {}, name),
            el('dd', { class: large ? 'large' : null }, value),
          ]),
        ),
      ),
      votes(one),
      failure(one, 20000),
      reasoning(one, rendered),
      text === null
        ? one.failure
          ? null
          : el('p', { class: 'muted' }, 'Not answered yet.')
        : text === ''
          ? el('p', { class: 'muted' }, 'The answer is empty.')
          : answer.shown(text, { rendered, span: one.span || null }),
    ];
  }

  mathbatch.rollouts = { strip, table, card, failure, majority };
})();
