// The view that holds two to four runs against each other: flips first.
'use strict';

(() => {
  const {
    address,
    columns: table,
    compareParts,
    el,
    focus,
    format,
    joined,
    keys,
    kept,
    list,
    pair,
    query,
    route,
    samplesParts,
    sideBySide,
    store,
  } = mathbatch;
  const MODE = 'mathbatch-compare';
  // Milliseconds without a key before a text is searched.
  const PAUSE = 150;
  let state = null;
  let turn = 0;

  // Return the runs that the address names, or the first two over the same dataset. Raises if there is no such run.
  function chosenRuns(params) {
    const { runs } = store.report;
    const named = (params.get('runs') || '').split(',').filter(Boolean).map(store.named);
    const found = [...new Set(named)].slice(0, compareParts.MOST);
    if (found.length > 1) return found;
    const first = found[0] || runs[0];
    const second =
      runs.find((run) => run !== first && run.dataset === first.dataset) || runs.find((run) => run !== first);
    return [first, second];
  }

  // Return the rows that are listed, flips first.
  function listed() {
    const { data, params } = state;
    const words = params.get('text');
    const matches = words && query.matcher(words);
    const first = data.columns[0];
    const passes = (at) =>
      !matches ||
      matches(first.id[at]) ||
      matches(first.question[at]) ||
      matches(first.gold[at]) ||
      data.places.some((place, run) => matches(data.columns[run].answer[place[at]]));
    const wanted = data.order.filter((name) => !params.get('group') || params.get('group') === name);
    return wanted.flatMap((name) => data.groups.get(name).filter(passes));
  }

  // Fill the list with what passes, and show a sample if the one that is shown does not.
  function refilter() {
    const rows = listed();
    state.rows = rows;
    state.list.show(rows, rows.indexOf(state.row));
    state.count.textContent = `${format.count(rows.length)} of ${format.counted(state.data.total, 'sample')} in all of them`;
    for (const [name, button] of state.buttons)
      button.setAttribute('aria-pressed', String(state.params.get('group') === name));
    if (rows.length && !rows.includes(state.row)) show(rows[0]);
    if (!rows.length) state.pane.replaceChildren(el('p', { class: 'hint empty' }, 'No sample to show.'));
  }

  // Let the address follow.
  const follow = () => address.follow('compare', state.params, state.root);

  // Take a changed parameter.
  function change(name, value) {
    if (value) state.params.set(name, value);
    else state.params.delete(name);
    refilter();
    follow();
  }

  // Show one row of the join.
  async function show(at) {
    const mine = state;
    const { data } = mine;
    mine.row = at;
    mine.rollouts = joined.rolloutsOf(data, at);
    mine.params.set('id', data.columns[0].id[at]);
    mine.list.choose(mine.rows.indexOf(at));
    follow();
    let details;
    try {
      details = await Promise.all(data.runs.map((run, number) => store.detail(run, data.places[number][at])));
    } catch (error) {
      if (mine === state && mine.row === at)
        mine.pane.replaceChildren(el('p', { class: 'problem', role: 'alert' }, error.message));
      return;
    }
    if (mine !== state || mine.row !== at) return;
    mine.details = details;
    draw();
  }

  // Show the row that was chosen in the list; on a narrow page it is below.
  async function pick(at) {
    await show(at);
    samplesParts.reach(state.pane);
  }

  // Draw the row that is loaded.
  function draw(wanted = null) {
    const top = state.pane.scrollTop;
    const same = state.drawn === state.details;
    state.drawn = state.details;
    focus.keep(state.pane, () =>
      state.pane.replaceChildren(
        sideBySide(state.data.runs, state.details, {
          rollouts: state.rollouts,
          mode: state.mode,
          choose: (run, number) => {
            state.rollouts[run] = number;
            draw();
          },
          setMode: (mode) => {
            state.mode = mode;
            kept.set(MODE, mode);
            draw('.tools [aria-pressed=true]');
          },
          step,
          canStep: (by) => state.rows[state.rows.indexOf(state.row) + by] !== undefined,
        }),
      ),
    );
    state.pane.scrollTop = same ? top : 0;
    const target = wanted && state.pane.querySelector(wanted);
    if (target) target.focus({ preventScroll: true });
  }

  // Show the next or the previous row.
  function step(by) {
    const next = state.rows[state.rows.indexOf(state.row) + by];
    if (next !== undefined) show(next);
  }

  // Make the parts of the view.
  function build(data, params) {
    const pane = el('div', { class: 'pane', tabindex: '-1' });
    const count = el('p', { class: 'shown-count', role: 'status' });
    const made = {
      data,
      params,
      pane,
      count,
      row: -1,
      rows: [],
      mode: kept.get(MODE) || 'words',
      buttons: compareParts.groupButtons(data, (name) =>
        change('group', state.params.get('group') === name ? '' : name),
      ),
    };
    made.list = list({
      label: 'Samples',
      height: 54,
      row: (at) => compareParts.row(made, at),
      pick: (place) => pick(made.rows[place]),
    });
    let pause = null;
    const field = el('input', {
      type: 'search',
      placeholder: 'Search id, question, answers, gold',
      'aria-label': 'Search',
      autocomplete: 'off',
      spellcheck: 'false',
      input: () => {
        clearTimeout(pause);
        pause = setTimeout(() => change('text', field.value), PAUSE);
      },
    });
    field.value = params.get('text') || '';
    made.field = field;
    const letters = (at) => ['A', 'ABCD'[at]];
    const missing =
      data.missing > 0 &&
      el(
        'p',
        { class: 'hint' },
        `${format.counted(data.missing, 'sample')} of A ${data.missing === 1 ? 'is' : 'are'} not in all of them`,
      );
    made.root = el(
      'div',
      { class: 'samples compare' },
      el(
        'section',
        { class: 'side', 'aria-label': 'List of samples' },
        el('h2', { class: 'aside' }, 'Compare'),
        compareParts.runChoices(data.runs, params),
        el(
          'div',
          { class: 'pair-panels' },
          data.runs.slice(1).map((run, at) => pair.panel(data.runs[0], run, letters(at + 1), data.runs.length === 2)),
        ),
        el(
          'form',
          { class: 'filters', role: 'search', 'aria-label': 'Filters', submit: (event) => event.preventDefault() },
          el(
            'div',
            { class: 'choices-row', role: 'group', 'aria-label': 'Who is right' },
            made.buttons.map(([, button]) => button),
          ),
          field,
        ),
        missing,
        el('div', { class: 'list-head' }, count),
        made.list.element,
      ),
      pane,
    );
    return made;
  }

  // Draw the comparison that the address names.
  async function compare(main, given) {
    const runs = chosenRuns(given);
    const mine = ++turn;
    if (!state || !state.root.isConnected)
      main.replaceChildren(el('p', { class: 'hint empty', role: 'status' }, 'Loading…'));
    const data = await joined.load(runs);
    if (mine !== turn) return;
    const params = new URLSearchParams(given);
    params.set('runs', runs.map((run) => run.key).join(','));
    state = build(data, params);
    main.replaceChildren(state.root);
    keys.use(state.root, [
      { keys: ['j'], label: 'next sample', run: () => step(1) },
      { keys: ['k'], label: 'previous sample', run: () => step(-1) },
      { keys: ['/'], label: 'search', run: () => state.field.focus() },
      {
        keys: [...'123456789'],
        shown: ['1', '…', '9'],
        label: 'rollout, of all runs',
        run: (event) => {
          if (state.details) {
            state.rollouts = state.rollouts.map(() => Number(event.key) - 1);
            draw();
          }
        },
      },
    ]);
    if (given.get('id') !== null) state.row = table.positionOf(data.columns[0], given.get('id'));
    const wanted = state.row;
    refilter();
    if (wanted >= 0 && state.row === wanted && data.places.every((place) => place[wanted] >= 0)) await show(wanted);
    await data.columns[0].complete();
    if (mine !== turn) return;
    if (params.get('text')) refilter();
    state.list.redraw();
  }

  mathbatch.views = mathbatch.views || {};
  mathbatch.views.compare = compare;
})();
