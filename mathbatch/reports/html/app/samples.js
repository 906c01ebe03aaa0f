// The view of samples: a list with filters beside one sample.
'use strict';

(() => {
  const {
    address,
    columns: table,
    el,
    focus,
    format,
    keys,
    kept,
    list,
    marks,
    prompt,
    query,
    route,
    sample,
    samplesParts,
    store,
    triage,
    wholeTexts,
  } = mathbatch;
  // Parameters of the address that say which sample is shown, and not which ones are listed.
  const SHOWN = new Set(['run', 'id', 'rollout', 'sort']);
  const RENDERED = 'mathbatch-rendered';
  let state = null;
  let turn = 0;

  // Let the address follow.
  const follow = () => address.follow('samples', state.params, state.root);

  // Filter again, and keep the sample that is shown if it is still among the rows.
  function refilter(keep = null) {
    const { columns, params, run } = state;
    state.selection = query.select(columns, params, { marks: marks.idsOf(run), found: state.search.found() });
    const { rows } = state.selection;
    const place = rows.indexOf(state.position);
    state.list.show(rows, place, keep);
    state.filters.set(state.selection);
    const all = columns.size;
    state.count.textContent =
      rows.length === all
        ? format.counted(all, 'sample')
        : `${format.count(rows.length)} of ${format.counted(all, 'sample')}`;
    state.empty.hidden = rows.length > 0;
  }

  // Take changed parameters, null for none at all, and show what they ask for.
  function change(changes) {
    const { params } = state;
    const names = changes ? Object.keys(changes) : [...params.keys()].filter((name) => !SHOWN.has(name));
    for (const name of names) {
      if (changes && changes[name]) params.set(name, changes[name]);
      else params.delete(name);
    }
    if (names.includes('text')) state.search.stop();
    refilter();
    const { rows } = state.selection;
    if (rows.length && !rows.includes(state.position)) show(rows[0]);
    follow();
  }

  // Return the rollout to show of a row: the one that is asked for if there is such a one.
  function rolloutOf(position, asked) {
    const { columns, params } = state;
    const isThere = Number.isInteger(asked) && asked >= 0 && asked < columns.letters[position].length;
    return isThere ? asked : query.rolloutOf(columns, position, params);
  }

  // Show the sample at a position of the index, and the rollout that is asked for or for which it is listed.
  async function show(position, asked = null, wanted = false) {
    const mine = state;
    const { columns, params, run } = mine;
    const rollout = rolloutOf(position, asked);
    mine.position = position;
    mine.rollout = rollout;
    params.set('id', columns.id[position]);
    if (columns.letters[position].length > 1) params.set('rollout', rollout);
    else params.delete('rollout');
    mine.list.choose(mine.selection.rows.indexOf(position));
    follow();
    let detail;
    try {
      detail = await store.detail(run, position);
    } catch (error) {
      if (mine === state && mine.position === position)
        mine.pane.replaceChildren(el('p', { class: 'problem', role: 'alert' }, error.message));
      return;
    }
    if (mine !== state || mine.position !== position || mine.rollout !== rollout) return;
    mine.detail = detail;
    draw(wanted);
  }

  // Show the sample that was chosen in the list; on a narrow page it is below.
  async function pick(position) {
    await show(position);
    samplesParts.reach(state.pane);
  }

  // Draw the sample that is loaded. `wanted` is true for the heading, or the selector of what gets the focus.
  function draw(wanted = false) {
    const same = state.drawn === state.detail;
    const top = state.pane.scrollTop;
    state.drawn = state.detail;
    focus.keep(state.pane, () => state.pane.replaceChildren(sample.draw(state.run, state.detail, viewOf())));
    state.pane.scrollTop = same ? top : 0;
    const target = wanted && state.pane.querySelector(wanted === true ? 'h2' : wanted);
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
      triage: (detail, rollout) =>
        triage.tools(state.run, detail, rollout, () => {
          state.list.redraw();
          refreshMarks();
        }),
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
    if (place !== null) show(state.selection.rows[place]);
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

  // Give the keys of this view.
  function useKeys(root) {
    const choose = (event) => {
      const at = Number(event.key) - 1;
      if (state.detail && at < (state.detail.rollouts || []).length) show(state.position, at);
    };
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

  // Show what the address asks for in a new list.
  async function open(main, run, params) {
    const mine = ++turn;
    if (!state || !state.root.isConnected)
      main.replaceChildren(el('p', { class: 'hint empty', role: 'status' }, 'Loading…'));
    const columns = await table.load(run);
    if (mine !== turn) return;
    state = samplesParts.build(run, columns, params, { change, pick, show, refilter, draw });
    state.rendered = kept.get(RENDERED) !== 'no';
    main.replaceChildren(state.root);
    useKeys(state.root);
    refilter();
    const id = params.get('id');
    const first = state.selection.rows.length ? state.selection.rows[0] : -1;
    const at = id === null ? first : table.positionOf(columns, id);
    if (at >= 0) await show(at, params.get('rollout') === null ? null : Number(params.get('rollout')));
    else state.pane.replaceChildren(samplesParts.nothing(run, id));
    await showQuestions();
  }

  // Show the questions in the list once they are there, and filter by them.
  async function showQuestions() {
    const mine = state;
    const { columns } = mine;
    if (columns.question.length === columns.size) return;
    await columns.complete();
    if (mine !== state || mine.columns !== columns) return;
    if (mine.params.get('text')) refilter(mine.list.top());
    mine.list.redraw();
  }

  // Draw the samples that the address names.
  async function samples(main, given) {
    const run = given.get('run') ? store.named(given.get('run')) : store.report.runs[0];
    if (!run) {
      main.replaceChildren(el('p', { class: 'hint empty' }, 'This report has no run.'));
      return;
    }
    const params = new URLSearchParams(given);
    params.set('run', run.key);
    await open(main, run, params);
  }

  // Return the id of the row that is at the top of the list, or null.
  function idAtTop() {
    const { rows } = state.selection;
    return rows.length ? state.columns.id[rows[Math.min(state.list.top(), rows.length - 1)]] : null;
  }

  // Take in a new report: the list grows, what is looked at stays where it is.
  samples.update = async (main, given) => {
    const mine = state;
    const run = mine && mine.root.isConnected ? store.run(mine.run.key) : null;
    if (!run) {
      await samples(main, given);
      return;
    }
    if (run.base === mine.run.base) return;
    const columns = await table.load(run);
    if (mine !== state) return;
    const [id, top] = [mine.position < 0 ? null : mine.columns.id[mine.position], idAtTop()];
    const more = columns.size - mine.columns.size;
    mine.search.stop();
    Object.assign(mine, { run, columns, position: id === null ? -1 : table.positionOf(columns, id) });
    refilter(0);
    const place = top === null ? -1 : mine.selection.rows.indexOf(table.positionOf(columns, top));
    mine.list.show(mine.selection.rows, mine.list.place(), Math.max(0, place));
    if (more > 0) mine.count.append(`, ${format.count(more)} new`);
    await refresh(mine);
    await showQuestions();
  };

  // Draw the sample that is shown anew if more is known of it, unless somebody is about to mark it.
  async function refresh(mine) {
    const { position } = mine;
    if (position < 0) return;
    const detail = await store.detail(mine.run, position);
    if (mine !== state || mine.position !== position || mine.pane.querySelector('.mark-form')) return;
    if (JSON.stringify(detail) === JSON.stringify(mine.detail)) return;
    mine.detail = detail;
    mine.drawn = detail;
    draw();
  }

  mathbatch.views = mathbatch.views || {};
  mathbatch.views.samples = samples;
})();
