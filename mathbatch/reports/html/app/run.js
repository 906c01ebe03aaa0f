// Draws the overview of one run: its accuracy, what came of its rows, and what ran.
'use strict';

(() => {
  const { el, format, parts, plain, plots, route, store } = mathbatch;
  const { percent, count, counted } = format;

  // Letters of a setting that are shown.
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
    return el('div', { class: 'accuracy' },
      el('p', { class: 'big' }, (metrics.accuracy * 100).toFixed(1), el('span', {}, ' %')),
      el('div', {},
        el('p', {}, `${counted(metrics.correct, 'correct answer')} of ${count(metrics.judged)} judged`),
        el('p', { class: 'muted' }, `95 % interval ${format.interval(metrics)}`),
        el('div', { class: 'measure' }, plots.dot({ ...metrics, value: metrics.accuracy }), plots.axis())));
  }

  // Return an accuracy that stands beside the one that counts, with its difference.
  function other(text, share, metrics, href) {
    const gap = (share.value - metrics.accuracy) * 100;
    const sign = gap >= 0 ? '+' : '−';
    const words = [` ${percent(share.value)}`, format.known(share.low) ? ` (${format.interval(share)})` : '',
      Number.isFinite(gap) ? `, ${sign}${Math.abs(gap).toFixed(1)} points` : ''];
    return el('li', {}, href ? el('a', { href }, text) : text, words);
  }

  // Return what belongs below the number: other ways to count, what to look at, notes.
  function remarks(run) {
    const { metrics } = run;
    const lines = [
      run.selection && el('li', {}, run.selection, ' The numbers on this page are those of all rows.'),
      metrics && metrics.beside && other(`By ${metrics.beside.name}:`, metrics.beside, metrics),
      metrics && metrics.marks && other('With the marks that were made by hand:', metrics.marks, metrics, samples(run, { marked: 1 })),
      metrics && metrics.suspects > 0 && el('li', {}, el('a', { href: samples(run, { audit: 1 }) }, counted(metrics.suspects, 'verdict')), ' to look at: the scorer itself has doubts.'),
      run.figures.truncated > 0 && el('li', {}, el('a', { href: samples(run, { truncated: 1 }) }, counted(run.figures.truncated, 'answer')), ' cut at the limit of tokens.'),
      ...(metrics ? metrics.notes : []).map((note) => el('li', {}, el('bdi', {}, note))),
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

  // Return pairs of terms and values as a list; values that are not known are left out.
  function facts(pairs) {
    const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== format.NONE);
    return el('dl', { class: 'pairs' }, shown.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))));
  }

  // Return counts of answers and tokens, time and cost.
  function figures(run) {
    const f = run.figures;
    return parts.section('Answers, tokens and time', {}, facts([
      ['rows', count(run.rows)],
      ['rollouts of each', run.rollouts > 1 ? count(run.rollouts) : null],
      ['answered', count(f.answered)],
      ['failed', f.failed ? count(f.failed) : '0'],
      ['output tokens', count(f.output_tokens)],
      ['of these reasoning', count(f.reasoning_tokens)],
      ['prompt tokens', count(f.prompt_tokens)],
      ['of these cached', count(f.cached_tokens)],
      ['output tokens of an answer, mean', f.answered && format.known(f.output_tokens) ? count(f.output_tokens / f.answered) : null],
      ['time', format.duration(f.seconds)],
      ['output tokens/s', count(f.tokens_per_s)],
      ['cost', format.known(f.cost) ? `$${f.cost.toFixed(2)}` : null],
    ]));
  }

  // Return the failures by kind, a bar and a link each.
  function failures(run) {
    const kinds = Object.entries(run.failures).filter(([, number]) => number).sort((a, b) => b[1] - a[1]);
    if (!kinds.length) return null;
    const most = kinds[0][1];
    const item = ([kind, number]) => {
      const bar = el('span', { class: 'length' });
      bar.style.width = `${(number / most) * 100}%`;
      return el('li', {}, el('a', { class: 'share', href: samples(run, { failure: kind }) },
        el('bdi', { class: 'ellipsis' }, plain.line(kind)), el('span', { 'aria-hidden': 'true' }, bar), el('span', { class: 'number' }, count(number))));
    };
    return parts.section('Failures by kind', {}, el('ul', { class: 'shares failures' }, kinds.map(item)));
  }

  // Return pass@k and maj@k over k.
  function rollouts(run) {
    const { pass_at: pass, maj_at: majority } = run.metrics || { pass_at: [], maj_at: [] };
    if (pass.length + majority.length < 2) return null;
    const points = (shares) => shares.map((share) => ({ ...share, x: Number(share.name), text: `k = ${share.name}` }));
    const series = [{ name: 'pass@k', points: points(pass) }, { name: 'maj@k', points: points(majority) }];
    return parts.section('Over the rollouts', {}, mathbatch.curves({ title: 'pass@k and maj@k', axis: 'k, rollouts of a sample', series }));
  }

  // Return what ran: settings, versions and the command.
  function ran(run) {
    const list = (pairs) => facts(pairs.map(([term, value]) => [el('bdi', {}, plain.line(term)), el('bdi', { class: 'mono' }, plain.line(value, LONGEST))]));
    const given = [['model', run.model], ['dataset', run.dataset], ['run folder', run.name], ...(run.metrics && run.metrics.scorers.length ? [['scored by', run.metrics.scorers.join(', ')]] : []), ['last answer or scores', format.when(run.when)]];
    return parts.section('What ran', { class: 'wide ran' },
      el('div', { class: 'columns' }, list(given), list(run.settings), list(Object.entries(run.versions))),
      parts.copy(run.command, 'the command'));
  }

  // Draw a run into the page.
  function draw(main, run, params) {
    const many = store.report.runs.length > 1;
    const state = run.status === 'complete' ? null : el('span', { class: 'state' }, run.status);
    main.replaceChildren(el('div', { class: 'overview' },
      el('div', { class: 'top' },
        el('h2', {}, el('bdi', {}, mathbatch.labels.run(run)), ' ', state),
        many && el('p', { class: 'muted' }, el('bdi', {}, plain.line(`${run.model} on ${run.dataset}`))),
        el('p', { class: 'ways' }, many && el('a', { href: route.href('overview') }, 'All runs'), ' ', el('a', { href: samples(run) }, 'See its samples'))),
      el('section', { class: 'wide first', 'aria-label': 'Accuracy' }, accuracy(run), verdicts(run), remarks(run)),
      el('div', { class: 'grid-2' },
        run.metrics && mathbatch.breakdown(run, params),
        run.lengths && parts.section('Lengths', {}, mathbatch.histogram(run)),
        rollouts(run), figures(run), failures(run), ran(run))));
    for (const box of main.querySelectorAll('details')) box.fill?.();
  }

  mathbatch.drawRun = draw;
})();
