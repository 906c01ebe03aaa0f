// Shows whether two runs differ: the sentence, the interval of the difference, and what differs between them.
'use strict';

(() => {
  const { el, format, parts, plain, shell, store, svg } = mathbatch;
  const [WIDTH, HEIGHT, EDGE] = [340, 46, 26];

  // Return the comparison of two runs, whichever of them it takes first, or undefined.
  const find = (a, b) =>
    (store.report.pairs || []).find(({ first, second }) =>
      [
        [a.key, b.key],
        [b.key, a.key],
      ].some(([one, other]) => first === one && second === other),
    );

  // Return the sentence with the letter of the run that it begins with. The rest of it quotes prompts.
  const lettered = (sentence, letters) =>
    sentence.replace(/^the (first|second)\b/, (all, which) => letters[which === 'first' ? 0 : 1]);

  // Return points as text with their sign.
  const points = (share) => `${share > 0 ? '+' : share < 0 ? '−' : ''}${Math.abs(share * 100).toFixed(1)}`;

  // Draw the difference with its interval, against zero.
  function interval(pair) {
    if (!format.known(pair.low) || !format.known(pair.high)) return null;
    const reach = Math.max(Math.abs(pair.low), Math.abs(pair.high), 0.01) * 1.15;
    const x = (share) => WIDTH / 2 + (share / reach) * (WIDTH / 2 - EDGE);
    const label = (share, anchor) => svg('text', { x: x(share), y: 42, 'text-anchor': anchor }, points(share));
    const say = `Difference ${points(pair.difference)} points, 95 % interval ${points(pair.low)} to ${points(pair.high)}`;
    return svg(
      'svg',
      { class: 'interval', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': say },
      svg('line', { class: 'zero', x1: WIDTH / 2, x2: WIDTH / 2, y1: 2, y2: 28 }),
      svg('line', { class: 'reach', x1: x(pair.low), x2: x(pair.high), y1: 15, y2: 15 }),
      svg('circle', { cx: x(pair.difference), cy: 15, r: 5 }),
      label(pair.low, 'end'),
      label(pair.high, 'start'),
      Math.min(Math.abs(x(pair.low) - WIDTH / 2), Math.abs(x(pair.high) - WIDTH / 2)) < 45 || pair.low * pair.high < 0
        ? null
        : label(0, 'middle'),
    );
  }

  // Make the table of what differs between two runs, unfolded if it is the only one.
  function differing(pair, letters, isOpen) {
    if (!pair.differences.length) return null;
    const cell = (text) =>
      el('td', {}, text === '' ? el('span', { class: 'muted' }, 'nothing') : plain.text(text, 600));
    return el(
      'details',
      { open: isOpen },
      el('summary', {}, `What differs: ${pair.differences.length}`),
      el(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'What differs' },
        el(
          'table',
          { class: 'differing' },
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              el('th', { scope: 'col' }, 'What'),
              letters.map((letter) => el('th', { scope: 'col' }, letter)),
            ),
          ),
          el(
            'tbody',
            {},
            pair.differences.map((one) =>
              el(
                'tr',
                {},
                el(
                  'th',
                  { scope: 'row' },
                  plain.text(one.key, 120),
                  el(
                    'span',
                    { class: 'muted' },
                    ` ${one.what}`,
                    format.known(one.rows) ? `, ${format.counted(one.rows, 'row')}` : '',
                    one.changes === 'nothing' ? ' (changes no answer)' : '',
                  ),
                ),
                cell(one.first),
                cell(one.second),
              ),
            ),
          ),
        ),
      ),
    );
  }

  // Make what is said of two runs, or the command that finds it out.
  function panel(a, b, given, isOpen) {
    const pair = find(a, b);
    // What is said of two runs goes from its first to its second one, and so do the letters.
    const letters = pair && pair.first !== a.key ? [...given].reverse() : given;
    const title = el('h3', {}, `${letters[0]} against ${letters[1]}`);
    if (!pair) {
      const command = `python -m mathbatch.compare run_dir=${shell.folderOf(a)} other=${shell.folderOf(b)}`;
      return el(
        'section',
        { class: 'pair-panel' },
        title,
        el('p', { class: 'hint' }, 'This report has no test of these two. To make one:'),
        parts.copy(command, 'command'),
      );
    }
    const notes = pair.notes.map((note) => el('p', { class: 'hint' }, plain.text(note, 2000)));
    // Without a sentence the two could not be compared, and a note says why.
    if (!pair.sentence) return el('section', { class: 'pair-panel' }, title, notes);
    const p = pair.p < 0.001 ? 'p < 0.001' : `p = ${pair.p.toFixed(3)}`;
    const tested = `${points(pair.difference)} points, McNemar’s ${p}, ${format.counted(pair.pairs, 'pair')}${pair.left_out ? `, ${format.count(pair.left_out)} left out` : ''}`;
    return el(
      'section',
      { class: 'pair-panel' },
      title,
      el('p', { class: 'sentence' }, plain.text(lettered(pair.sentence, letters), 2000)),
      interval(pair),
      el('p', { class: 'hint' }, tested),
      notes,
      differing(pair, letters, isOpen),
    );
  }

  mathbatch.pair = { panel };
})();
