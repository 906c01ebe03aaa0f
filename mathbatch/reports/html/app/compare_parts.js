// Makes the parts of the view that compares: a row of its list, the choice of the runs, and of who is right.
'use strict';

(() => {
  const { el, format, joined, labels, plain, route, store } = mathbatch;
  // Runs that can be held against each other.
  const MOST = 4;

  // Return glyphs in the colours of their verdicts.
  const coloured = (glyphs) =>
    el(
      'span',
      { class: 'glyph', 'aria-hidden': 'true' },
      [...glyphs].map((one) => el('span', { class: { '✓': 'correct', '✗': 'wrong' }[one] || 'muted' }, one)),
    );

  // Return the nodes of one row of the list.
  function row({ data }, at) {
    const group = data.named[at];
    const id = data.columns[0].id[at];
    const answers = data.places.map((place, run) => data.columns[run].answer[place[at]]);
    return [
      el(
        'span',
        { class: 'row-verdict' },
        coloured(joined.words(group, data.runs.length).glyphs),
        el('span', { class: 'aside' }, joined.words(group, data.runs.length).text),
      ),
      el('span', { class: 'row-id' }, plain.text(id, 60)),
      el(
        'span',
        { class: 'row-answer' },
        answers.map((answer, run) => [
          run ? el('span', { class: 'muted' }, ' · ') : null,
          answer === null ? '∅' : plain.text(answer, 20),
        ]),
      ),
      el('span', { class: 'row-question' }, plain.text(data.columns[0].question[at] || '', 140)),
    ];
  }

  // Make the choices of the runs: two at least, four at most.
  function runChoices(runs, params) {
    const all = store.report.runs;
    const choose = (at, key) => {
      const wanted = runs.map((run) => run.key);
      if (key) wanted[at] = key;
      else wanted.splice(at, 1);
      location.hash = route.href('compare', { runs: [...new Set(wanted)].join(','), id: params.get('id') });
    };
    const places = runs.length < Math.min(MOST, all.length) ? [...runs, null] : runs;
    return el(
      'div',
      { class: 'run-choices' },
      places.map((run, at) => {
        const select = el(
          'select',
          { 'aria-label': `Run ${'ABCD'[at]}`, change: () => choose(at, select.value) },
          at > 1 ? el('option', { value: '' }, run ? 'leave out' : 'add a run…') : null,
          all
            .filter((one) => one === run || !runs.includes(one))
            .map((one) => el('option', { value: one.key, selected: one === run }, plain.line(labels.run(one), 120))),
        );
        if (!run) select.value = '';
        return el('label', {}, el('strong', {}, 'ABCD'[at]), select);
      }),
    );
  }

  // Make the buttons of the groups, with the number of rows of each.
  function groupButtons(data, choose) {
    return data.order.map((name) => {
      const { glyphs, text } = joined.words(name, data.runs.length);
      return [
        name,
        el(
          'button',
          { type: 'button', 'aria-pressed': 'false', title: text, click: () => choose(name) },
          coloured(glyphs),
          ' ',
          // With more runs there are many groups: their glyphs say enough to those who see them.
          el('span', { class: data.runs.length > 2 ? 'aside' : null }, text),
          ' ',
          el('span', { class: 'count' }, format.count(data.groups.get(name).length)),
        ),
      ];
    });
  }

  mathbatch.compareParts = { MOST, row, runChoices, groupButtons };
})();
