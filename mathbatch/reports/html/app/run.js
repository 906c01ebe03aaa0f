// Draws the overview of one run: its accuracy and verdicts, what is to be said of them, and all else that is known.
'use strict';

(() => {
  const { el, facts, format, parts, plain, plots, route, store } = mathbatch;
  const { percent, count, counted } = format;

  // Letters of a note that are shown.
  const LONGEST = 2000;

  // Return the address of the samples of a run with these filters.
  const samples = (run, filters = {}) => route.href('samples', { run: run.key, ...filters });

  // Return the sentence that stands where no accuracy can.
  function without(run) {
    if (run.figures.units && run.figures.failed === run.figures.units) return 'No answer: every request failed.';
    if (!run.figures.answered) return 'Nothing is answered yet.';
    if (run.status !== 'complete') return 'Not scored yet: that comes when all rows are answered.';
    if (!run.metrics) return 'Not scored: the dataset has no gold answers.';
    return 'No answer could be judged.';
  }

  // Return the big number with its interval.
  function accuracy(run) {
    const { metrics } = run;
    if (!metrics || !format.known(metrics.accuracy)) return el('p', { class: 'lead' }, without(run));
    return el(
      'div',
      { class: 'accuracy' },
      el('p', { class: 'big' }, (metrics.accuracy * 100).toFixed(1), el('span', {}, ' %')),
      el(
        'div',
        {},
        el('p', {}, `${counted(metrics.correct, 'correct answer')} of ${count(metrics.judged)} judged`),
        el('p', { class: 'muted' }, `95 % interval ${format.interval(metrics)}`),
        el('div', { class: 'measure' }, plots.dot({ ...metrics, value: metrics.accuracy }), plots.axis()),
      ),
    );
  }

  // Return an accuracy that stands beside the one that counts, with its difference.
  function other(text, share, metrics, href) {
    const gap = (share.value - metrics.accuracy) * 100;
    const sign = gap >= 0 ? '+' : '−';
    const words = [
      ` ${percent(share.value)}`,
      format.known(share.low) ? ` (${format.interval(share)})` : '',
      Number.isFinite(gap) ? `, ${sign}${Math.abs(gap).toFixed(1)} points` : '',
    ];
    return el('li', {}, href ? el('a', { href }, text) : text, words);
  }

  // Return which rows are in the report; the numbers of a run that has ended are those of all rows nevertheless.
  function selected({ selection, status }) {
    const numbers = status === 'complete' ? '; the numbers on this page are those of all rows' : '';
    return `${selection.replace(/\.$/, '')}${numbers}.`;
  }

  // Return what belongs below the number: other ways to count, what to look at, notes.
  function remarks(run) {
    const { metrics } = run;
    const lines = [
      run.problem && el('li', {}, el('bdi', {}, plain.line(run.problem, LONGEST))),
      run.selection && el('li', {}, selected(run)),
      metrics && metrics.beside && other(`By ${metrics.beside.name}:`, metrics.beside, metrics),
      metrics &&
        metrics.marks &&
        other('With the marks that were made by hand:', metrics.marks, metrics, samples(run, { marked: 1 })),
      metrics &&
        metrics.suspects > 0 &&
        el(
          'li',
          {},
          el('a', { href: samples(run, { audit: 1 }) }, counted(metrics.suspects, 'verdict')),
          ' to look at: the scorer itself has doubts.',
        ),
      run.figures.truncated > 0 &&
        el(
          'li',
          {},
          el('a', { href: samples(run, { truncated: 1 }) }, counted(run.figures.truncated, 'answer')),
          ' cut at the limit of tokens.',
        ),
      ...(metrics ? metrics.notes : []).map((note) => el('li', {}, el('bdi', {}, plain.line(note, LONGEST)))),
    ].filter(Boolean);
    return lines.length ? el('ul', { class: 'remarks' }, lines) : null;
  }

  // Return the bar of the verdicts with its links.
  function verdicts(run) {
    const found = run.metrics ? plots.verdictsOf(run.metrics) : [];
    if (!found.length) return null;
    const href = ({ key }) => samples(run, { verdict: key });
    return el('div', { class: 'verdicts' }, plots.bar(found, href), plots.legend(found, href));
  }

  // Draw a run into the page.
  function draw(main, run, params) {
    const many = store.report.runs.length > 1;
    const state = run.status === 'complete' ? null : el('span', { class: 'state' }, run.status);
    main.replaceChildren(
      el(
        'div',
        { class: 'overview' },
        el(
          'div',
          { class: 'top' },
          el('h2', {}, el('bdi', {}, many ? mathbatch.labels.run(run) : plain.line(run.name)), ' ', state),
          many && el('p', { class: 'muted' }, el('bdi', {}, plain.line(`${run.model} on ${run.dataset}`))),
          el(
            'p',
            { class: 'ways' },
            many && el('a', { href: route.href('overview') }, 'All runs'),
            ' ',
            el('a', { href: samples(run) }, 'See its samples'),
          ),
        ),
        el('section', { class: 'wide first', 'aria-label': 'Accuracy' }, accuracy(run), verdicts(run), remarks(run)),
        el(
          'div',
          { class: 'grid-2' },
          run.metrics && mathbatch.breakdown(run, params),
          run.lengths && parts.section('Lengths', {}, mathbatch.histogram(run)),
          facts.rollouts(run),
          facts.figures(run),
          facts.failures(run),
          facts.ran(run),
        ),
      ),
    );
  }

  mathbatch.drawRun = draw;
})();
