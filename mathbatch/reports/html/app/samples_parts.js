// Makes the parts of the view of samples: a row of its list, and the choices of run and order.
'use strict';

(() => {
  const {
    columns: table,
    el,
    filters,
    labels,
    list,
    marks,
    plain,
    query,
    route,
    store,
    triage,
    verdicts,
    wholeTexts,
  } = mathbatch;

  // Return the nodes of one row of the list.
  function row({ columns, run }, position) {
    const letters = columns.letters[position];
    const shown =
      letters.length > 4
        ? summary(letters)
        : [...letters].map((letter) => verdicts.glyph(verdicts.byLetter.get(letter)));
    const answer = columns.answer[position];
    return [
      el('span', { class: 'row-verdict' }, shown),
      el(
        'span',
        { class: 'row-id' },
        plain.text(columns.id[position], 60),
        marks.has(run, columns.id[position]) ? el('span', { class: 'flag', title: 'marked' }, '⚑') : null,
      ),
      el('span', { class: 'row-answer' }, answer === null ? '' : plain.text(answer, 40)),
      el('span', { class: 'row-question' }, plain.text(columns.question[position] || '', 140)),
    ];
  }

  // Return how many of many rollouts are correct, in the colour of what is most frequent among them.
  function summary(letters) {
    const count = (verdict) => letters.split(verdict.letter).length - 1;
    const most = verdicts.all.reduce((best, verdict) => (count(verdict) > count(best) ? verdict : best));
    const correct = count(verdicts.named('correct'));
    return [
      verdicts.glyph(most),
      el('span', { title: `${correct} of ${letters.length} correct` }, `${correct}/${letters.length}`),
    ];
  }

  // Make the choice of the run, where there are several.
  function runChoice({ run, params }) {
    const { runs } = store.report;
    if (runs.length < 2) return null;
    const select = el(
      'select',
      {
        'aria-label': 'Run',
        change: () => {
          location.hash = route.href('samples', { ...Object.fromEntries(params), run: select.value });
        },
      },
      runs.map((one) =>
        el('option', { value: one.key, selected: one.key === run.key }, plain.line(labels.run(one), 120)),
      ),
    );
    return el('label', { class: 'run-choice' }, el('span', {}, 'Run'), select);
  }

  // Make the choice of the order.
  function sortChoice(params, change) {
    const select = el(
      'select',
      { 'aria-label': 'Order', change: () => change({ sort: select.value === 'row' ? '' : select.value }) },
      query.SORTS.map(([value, words]) => el('option', { value }, words)),
    );
    select.value = params.get('sort') || 'row';
    return select;
  }

  // Say why there is no sample to show; `id` is that of the one that was asked for, or null.
  function nothing(run, id) {
    if (id === null) return el('p', { class: 'hint empty' }, 'There is no sample to show.');
    const why = run.selection ? ' in this report, which holds a part of its rows.' : '.';
    return el('p', { class: 'problem', role: 'alert' }, 'This run has no sample ', plain.text(id, 200), why);
  }

  // Make the parts of the view for a run.
  function build(run, columns, params, { change, pick, show, refilter, draw }) {
    const pane = el('div', { class: 'pane', tabindex: '-1' });
    const count = el('p', { class: 'shown-count', role: 'status' });
    const empty = el('p', { class: 'hint empty', hidden: true }, 'No sample passes all filters.');
    const made = { run, columns, params, pane, count, empty, position: -1, rollout: 0 };
    made.search = wholeTexts(made, () => refilter(made.list.top()));
    made.list = list({
      label: 'Samples',
      height: 54,
      row: (position) => row(made, position),
      pick: (place) => pick(made.selection.rows[place]),
    });
    made.list.element.classList.toggle('single', run.rollouts === 1);
    made.filters = filters(made, change, () => made.search.start(params.get('text')));
    made.marksPanel = triage.panel(
      run,
      (id, rollout) => {
        const at = table.positionOf(made.columns, id);
        if (at >= 0) show(at, rollout, true);
      },
      () => {
        made.list.redraw();
        if (made.detail) draw();
      },
    );
    const notes = [run.selection, run.problem]
      .filter(Boolean)
      .map((words) => el('p', { class: 'hint' }, plain.text(words, 2000)));
    made.root = el(
      'div',
      { class: 'samples' },
      el(
        'section',
        { class: 'side', 'aria-label': 'List of samples' },
        el('h2', { class: 'aside' }, 'Samples'),
        runChoice(made),
        made.filters.element,
        notes,
        made.search.element,
        el('div', { class: 'list-head' }, count, sortChoice(params, change)),
        empty,
        made.list.element,
        made.marksPanel.element,
      ),
      pane,
    );
    return made;
  }

  // Scroll to the sample that is shown where it stands below its list.
  function reach(pane) {
    if (matchMedia('(max-width: 799px)').matches) pane.scrollIntoView({ block: 'start' });
  }

  mathbatch.samplesParts = { build, nothing, reach };
})();
