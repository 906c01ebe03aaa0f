// The view of samples: a list with filters beside one sample.
'use strict';

(() => {
  const { columns: table, el, filters, keys, kept, labels, list, marks, plain, prompt, query, rollouts, route, sample, store, triage, verdicts, wholeTexts } = mathbatch;
  // Parameters of the address that say which sample is shown, and not which ones are listed.
  const SHOWN = new Set(['run', 'id', 'rollout', 'sort']);
  // Milliseconds without a change before the address follows; browsers refuse to change it many times a second.
  const PAUSE = 200;
  const RENDERED = 'mathbatch-rendered';
  let state = null;

  // Return the nodes of one row of the list.
  function row(position) {
    const { columns } = state;
    const letters = columns.letters[position];
    const shown = letters.length > 4 ? counted(letters) : [...letters].map((letter) => verdicts.glyph(verdicts.byLetter.get(letter)));
    const answer = columns.answer[position];
    return [
      el('span', { class: 'row-verdict' }, shown),
      el('span', { class: 'row-id' }, plain.text(columns.id[position], 60), marks.has(state.run, columns.id[position]) ? el('span', { class: 'flag', title: 'marked' }, '⚑') : null),
      el('span', { class: 'row-answer' }, answer === null ? '' : plain.text(answer, 40)),
      el('span', { class: 'row-question' }, plain.text(columns.question[position], 140)),
    ];
  }

  // Return verdicts with how often they occur, for many rollouts.
  function counted(letters) {
    return verdicts.all.map((verdict) => [verdict, letters.split(verdict.letter).length - 1]).filter(([, count]) => count)
      .map(([verdict, count]) => [el('span', { class: verdict.style }, String(count)), verdicts.glyph(verdict)]);
  }

  // Write to the address what is shown, a little later and without an entry in the history.
  function remember() {
    clearTimeout(state.pause);
    const mine = state;
    state.pause = setTimeout(() => {
      if (mine !== state || !mine.root.isConnected) return;
      history.replaceState(null, '', route.href('samples', mine.params));
    }, PAUSE);
  }

  // Filter again, and keep the sample that is shown if it is still among the rows.
  function refilter(keep = null) {
    const { columns, params, run } = state;
    const before = performance.now();
    state.selection = query.select(columns, params, { marks: marks.idsOf(run), found: state.found });
    const { rows } = state.selection;
    const place = rows.indexOf(state.position);
    state.list.show(rows, place, keep);
    state.filters.set(state.selection);
    const all = columns.size;
    state.count.textContent = rows.length === all ? `${all.toLocaleString('en')} samples` : `${rows.length.toLocaleString('en')} of ${all.toLocaleString('en')} samples`;
    state.empty.hidden = rows.length > 0;
    state.took = performance.now() - before;
  }

  // Take changed parameters, null for none at all, and show what they ask for.
  function change(changes) {
    const { params } = state;
    const names = changes ? Object.keys(changes) : [...params.keys()].filter((name) => !SHOWN.has(name));
    for (const name of names) {
      if (changes && changes[name]) params.set(name, changes[name]);
      else params.delete(name);
    }
    if (names.includes('text')) stopSearch();
    refilter();
    const { rows } = state.selection;
    if (rows.length && !rows.includes(state.position)) show(rows[0], 0);
    remember();
  }

  // Show the sample at a position of the index.
  async function show(position, rollout, focus = false) {
    const mine = state;
    const { columns, params, run } = mine;
    mine.position = position;
    mine.rollout = rollout;
    params.set('id', columns.id[position]);
    if (rollout) params.set('rollout', rollout);
    else params.delete('rollout');
    mine.list.choose(mine.selection.rows.indexOf(position));
    remember();
    let detail;
    try {
      detail = await store.detail(run, position);
    } catch (error) {
      if (mine === state && mine.position === position) mine.pane.replaceChildren(el('p', { class: 'problem', role: 'alert' }, error.message));
      return;
    }
    if (mine !== state || mine.position !== position || mine.rollout !== rollout) return;
    mine.detail = detail;
    draw(focus);
  }

  // Show the sample that was chosen in the list; on a narrow page it is below.
  async function pick(position) {
    await show(position, 0);
    if (matchMedia('(max-width: 799px)').matches) state.pane.scrollIntoView({ block: 'start' });
  }

  // Draw the sample that is loaded. `focus` is true, or the selector of what gets the focus.
  function draw(focus = false) {
    const same = state.drawn === state.detail;
    const top = state.pane.scrollTop;
    state.drawn = state.detail;
    state.pane.replaceChildren(sample.draw(state.run, state.detail, viewOf()));
    state.pane.scrollTop = same ? top : 0;
    const target = focus && state.pane.querySelector(focus === true ? 'h2' : focus);
    if (target) target.focus({ preventScroll: true });
  }

  // Return what the sample needs of the view.
  function viewOf() {
    return {
      rollout: state.rollout,
      rendered: state.rendered,
      step,
      canStep: (by) => placeAfter(by) !== null,
      chooseRollout: (at) => show(state.position, at, '.strip [aria-pressed=true]'),
      toggleRendered,
      triage: (detail, rollout) => triage.tools(state.run, detail, rollout, () => { state.list.redraw(); refreshMarks(); }),
    };
  }

  // Return the place in the list that is so many steps further, or null.
  function placeAfter(by) {
    const { rows } = state.selection;
    const now = rows.indexOf(state.position);
    const place = now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by;
    return place >= 0 && place < rows.length ? place : null;
  }

  // Show the next or the previous sample.
  function step(by) {
    const place = placeAfter(by);
    if (place !== null) show(state.selection.rows[place], 0);
  }

  // Switch between rendered texts and texts as they were written.
  function toggleRendered() {
    state.rendered = !state.rendered;
    kept.set(RENDERED, state.rendered ? null : 'no');
    draw('.tools [aria-pressed]');
  }

  // Show how many marks there are, and the rows that have one.
  function refreshMarks() {
    state.marksPanel.refresh();
    if (state.params.get('marked')) refilter();
  }

  // Search all texts of the run for the words, and show what has them as it is found.
  async function searchWhole() {
    const mine = state;
    stopSearch();
    const search = wholeTexts(mine.run, mine.params.get('text'), mine.columns.size);
    mine.search = search;
    mine.searching.replaceChildren(search.element);
    await search.run((found) => {
      if (mine !== state || mine.search !== search) return;
      mine.found = found;
      refilter(mine.list.top());
    });
  }

  // End a search, and forget what it has found.
  function stopSearch() {
    if (state.search) state.search.stop();
    state.search = null;
    state.found = null;
    state.searching.replaceChildren();
  }

  // Make the choice of the run, where there are several.
  function runChoice(run) {
    const { runs } = store.report;
    if (runs.length < 2) return null;
    const select = el('select', { 'aria-label': 'Run', change: () => { location.hash = route.href('samples', { ...Object.fromEntries(state.params), run: select.value, id: state.params.get('id') }); } },
      runs.map((one) => el('option', { value: one.key, selected: one.key === run.key }, plain.line(labels.run(one), 120))));
    return el('label', { class: 'run-choice' }, el('span', {}, 'Run'), select);
  }

  // Make the choice of the order.
  function sortChoice(params) {
    const select = el('select', { 'aria-label': 'Order', change: () => change({ sort: select.value === 'row' ? '' : select.value }) }, query.SORTS.map(([value, words]) => el('option', { value }, words)));
    select.value = params.get('sort') || 'row';
    return select;
  }

  // Make the parts of the view for a run.
  function build(run, columns, params) {
    const pane = el('div', { class: 'pane', tabindex: '-1' });
    const count = el('p', { class: 'shown-count', role: 'status' });
    const empty = el('p', { class: 'hint empty', hidden: true }, 'No sample passes all filters.');
    const searching = el('div', { class: 'searching' });
    const made = { run, columns, params, pane, count, empty, searching, base: run.base, position: -1, rollout: 0, rendered: kept.get(RENDERED) !== 'no', found: null, search: null };
    made.list = list({ label: 'Samples', height: 54, row, pick: (place) => pick(made.selection.rows[place]) });
    made.list.element.classList.toggle('single', run.rollouts === 1);
    made.filters = filters(columns, () => made.params, change, searchWhole);
    made.marksPanel = triage.panel(run, (id, rollout) => { const at = table.positionOf(columns, id); if (at >= 0) show(at, rollout, true); }, () => { made.list.redraw(); if (made.detail) draw(); });
    const note = run.selection && el('p', { class: 'hint' }, run.selection);
    made.root = el('div', { class: 'samples' },
      el('section', { class: 'side', 'aria-label': 'List of samples' }, el('h2', { class: 'aside' }, 'Samples'), runChoice(run), made.filters.element, note, searching,
        el('div', { class: 'list-head' }, count, sortChoice(params)), empty, made.list.element, made.marksPanel.element),
      pane);
    return made;
  }

  // Give the keys of this view.
  function useKeys(root) {
    const choose = (event) => { const at = Number(event.key) - 1; if (state.detail && at < (state.detail.rollouts || []).length) show(state.position, at); };
    keys.use(root, [
      { keys: ['j'], label: 'next sample', run: () => step(1) },
      { keys: ['k'], label: 'previous sample', run: () => step(-1) },
      { keys: ['/'], label: 'search', run: () => state.filters.field.focus() },
      { keys: ['o'], label: 'open the picture', run: () => state.detail && prompt.openFirst(state.detail, state.run) },
      { keys: ['r'], label: 'texts rendered, or as they were written', run: toggleRendered },
      { keys: ['m'], label: 'mark the verdict as wrong', run: () => triage.open(state.pane) },
      { keys: [...'123456789'], shown: ['1', '…', '9'], label: 'rollout', run: choose },
    ]);
  }

  // Return the position of the sample that the address names, or of the first one in the list.
  function wanted(params) {
    const id = params.get('id');
    const at = id === null ? -1 : table.positionOf(state.columns, id);
    if (at >= 0) return at;
    return state.selection.rows.length ? state.selection.rows[0] : -1;
  }

  // Show what the address asks for in a new list.
  async function open(main, run, params) {
    const columns = await table.load(run);
    state = build(run, columns, params);
    main.replaceChildren(state.root);
    useKeys(state.root);
    refilter();
    const missing = params.get('id') !== null && table.positionOf(columns, params.get('id')) < 0 ? params.get('id') : null;
    const at = wanted(params);
    if (missing !== null) state.pane.replaceChildren(el('p', { class: 'problem', role: 'alert' }, 'This run has no sample ', plain.text(missing, 200), run.selection ? ' in this report, which holds a part of its rows.' : '.'));
    else if (at >= 0) await show(at, Number(params.get('rollout')) || 0);
    else state.pane.replaceChildren(el('p', { class: 'hint empty' }, 'There is no sample to show.'));
  }

  // Draw the samples that the address names.
  async function samples(main, given) {
    const { runs } = store.report;
    const run = store.run(given.get('run')) || runs[0];
    if (!run) { main.replaceChildren(el('p', { class: 'hint empty' }, 'This report has no run.')); return; }
    const params = new URLSearchParams(given);
    params.set('run', run.key);
    await open(main, run, params);
  }

  // Take in a new report: the list grows, what is looked at stays.
  samples.update = async (main, given) => {
    const run = state && state.root.isConnected ? store.run(state.run.key) : null;
    if (!run) { await samples(main, given); return; }
    if (run.base === state.base) return;
    const columns = await table.load(run);
    const { top, place } = state.list;
    const id = state.position >= 0 ? state.columns.id[state.position] : null;
    const first = state.selection.rows.length ? state.columns.id[state.selection.rows[Math.min(top(), state.selection.rows.length - 1)]] : null;
    const more = columns.size - state.columns.size;
    Object.assign(state, { run, columns, base: run.base, position: id === null ? -1 : table.positionOf(columns, id) });
    const fresh = filters(columns, () => state.params, change, searchWhole);
    state.filters.element.replaceWith(fresh.element);
    state.filters = fresh;
    refilter(0);
    const at = first === null ? 0 : state.selection.rows.indexOf(table.positionOf(columns, first));
    state.list.show(state.selection.rows, place(), Math.max(0, at));
    if (more > 0) state.count.append(`, ${more.toLocaleString('en')} new`);
  };

  mathbatch.views = mathbatch.views || {};
  mathbatch.views.samples = samples;
})();
