// Makes the parts of a run's overview that are lists: figures, failures by kind, curves over the rollouts, what ran.
'use strict';

(() => {
  const { el, format, parts, plain, route } = mathbatch;
  const { count } = format;
  // Letters of a setting that are shown.
  const LONGEST = 2000;

  // Return pairs of terms and values as a list; values that are not known are left out.
  function list(pairs) {
    const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== format.NONE);
    return el(
      'dl',
      { class: 'facts' },
      shown.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))),
    );
  }

  // Return counts of answers and tokens, time and cost.
  function figures(run) {
    const f = run.figures;
    return parts.section(
      'Answers, tokens and time',
      {},
      list([
        ['rows', count(run.rows)],
        ['rollouts of each', run.rollouts > 1 ? count(run.rollouts) : null],
        ['answered', count(f.answered)],
        ['failed', count(f.failed)],
        ['output tokens', count(f.output_tokens)],
        ['mean of an answer', f.answered && format.known(f.output_tokens) ? count(f.output_tokens / f.answered) : null],
        ['of these reasoning', count(f.reasoning_tokens)],
        ['prompt tokens', count(f.prompt_tokens)],
        ['of these cached', count(f.cached_tokens)],
        ['time', format.duration(f.seconds)],
        ['output tokens/s', count(f.tokens_per_s)],
        ['cost', format.known(f.cost) ? `$${f.cost.toFixed(2)}` : null],
      ]),
    );
  }

  // Return the failures by kind, a bar and a link each.
  function failures(run) {
    const kinds = Object.entries(run.failures)
      .filter(([, number]) => number)
      .sort((a, b) => b[1] - a[1]);
    if (!kinds.length) return null;
    const most = kinds[0][1];
    const item = ([kind, number]) => {
      const bar = el('span', { class: 'length' });
      bar.style.width = `${(number / most) * 100}%`;
      return el(
        'li',
        {},
        el(
          'a',
          { class: 'share', href: route.href('samples', { run: run.key, failure: kind }) },
          el('bdi', { class: 'ellipsis' }, plain.line(kind)),
          el('span', { 'aria-hidden': 'true' }, bar),
          el('span', { class: 'number' }, count(number)),
        ),
      );
    };
    return parts.section('Failures by kind', {}, el('ul', { class: 'shares failures' }, kinds.map(item)));
  }

  // Return pass@k and maj@k over k.
  function rollouts(run) {
    const { pass_at: pass, maj_at: majority } = run.metrics || { pass_at: [], maj_at: [] };
    if (pass.length + majority.length < 2) return null;
    const points = (shares) => shares.map((share) => ({ ...share, x: Number(share.name), text: `k = ${share.name}` }));
    const series = [
      { name: 'pass@k', points: points(pass) },
      { name: 'maj@k', points: points(majority) },
    ];
    return parts.section(
      'Over the rollouts',
      {},
      mathbatch.curves({ title: 'pass@k and maj@k', axis: 'k, rollouts of a sample', series }),
    );
  }

  // Return what ran: settings, versions and the command.
  function ran(run) {
    const texts = (pairs) =>
      list(
        pairs.map(([term, value]) => [
          el('bdi', {}, plain.line(term)),
          el('bdi', { class: 'mono' }, plain.line(value, LONGEST)),
        ]),
      );
    const given = [
      ['model', run.model],
      ['dataset', run.dataset],
      ['run folder', run.name],
      ...(run.metrics && run.metrics.scorers.length ? [['scored by', run.metrics.scorers.join(', ')]] : []),
      ['last answer or scores', format.when(run.when)],
    ];
    return parts.section(
      'What ran',
      { class: 'wide ran' },
      el('div', { class: 'columns' }, texts(given), texts(run.settings), texts(Object.entries(run.versions))),
      parts.copy(run.command, 'the command'),
    );
  }

  mathbatch.facts = { figures, failures, rollouts, ran };
})();
