// Starts the page: loads the report, draws the view that the address names, and draws anew when it changes.
'use strict';

(() => {
  const { el, format, keep, live, plain, route, store, theme } = mathbatch;
  const app = document.getElementById('app');
  const VIEWS = { overview: 'Overview', samples: 'Samples', compare: 'Compare' };
  // Letters of the title that are shown.
  const LONGEST = 300;
  let drawn = null;
  let turn = 0;
  // Milliseconds without scrolling after which the place is kept: browsers allow but so many changes of the history.
  const SETTLED_MS = 150;
  let remembering = null;

  // Return the views of this report that are there.
  function offered(report) {
    return Object.keys(VIEWS).filter((name) => mathbatch.views[name] && (name !== 'compare' || report.runs.length > 1));
  }

  // Return when and by what the report was made.
  const made = (report) => `MathBatch ${report.version}, ${format.when(report.made)}`;

  // Return the header: title, when and by what the report was made, the way to the views, and the colours.
  function header(report) {
    const links = offered(report).map((name) =>
      el('li', {}, el('a', { href: route.href(name), 'data-view': name }, VIEWS[name])),
    );
    return el(
      'header',
      { class: 'shell' },
      el(
        'div',
        { class: 'name' },
        el('h1', {}, el('bdi', {}, plain.line(report.title, LONGEST))),
        el('p', { id: 'made' }, made(report)),
      ),
      el('nav', { 'aria-label': 'Views' }, el('ul', {}, links)),
      theme.control(),
    );
  }

  // Mark the view that is shown, in the header and in the title of the window. The samples stay with the same run.
  function name(view, params) {
    document.body.dataset.view = view;
    document.title = `${VIEWS[view]}: ${plain.line(store.report.title, LONGEST)}`;
    for (const link of document.querySelectorAll('.shell nav a')) {
      link.setAttribute('aria-current', link.dataset.view === view ? 'page' : 'false');
      if (link.dataset.view === 'samples') link.href = route.href('samples', { run: store.run(params.get('run'))?.key });
    }
  }

  // Say in place of the view why it can't be drawn.
  function tell(main, error) {
    main.replaceChildren(
      el('div', { class: 'problem', role: 'alert' }, el('h2', {}, 'This can’t be shown'), el('p', {}, error.message)),
    );
    console.warn(error);
  }

  // Draw the view that the address names. A view is mathbatch.views.<name>: (main, params) => Promise. When the report is
  // new, a view takes it in by its own `update`, a function of the same kind, or is drawn anew.
  async function draw({ fresh = false } = {}) {
    const { view: asked, params } = route.read();
    const view = offered(store.report).includes(asked) ? asked : 'overview';
    const main = document.getElementById('main');
    const shown = mathbatch.views[view];
    const mine = ++turn;
    const moved = drawn !== null && drawn !== view;
    drawn = view;
    name(view, params);
    try {
      if (fresh && !shown.update) await keep(main, () => shown(main, params));
      else await (fresh ? shown.update : shown)(main, params);
    } catch (error) {
      if (mine === turn) tell(main, error);
    }
    if (moved && mine === turn) {
      window.scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
    if (!fresh && history.state && history.state.y) window.scrollTo(0, history.state.y);
  }

  // Keep how far a view is scrolled with its entry in the history: whoever goes back finds the place again.
  function remember() {
    clearTimeout(remembering);
    remembering = setTimeout(() => history.replaceState({ y: window.scrollY }, ''), SETTLED_MS);
  }

  // Take in a new report: its time in the header, and the view.
  async function refresh() {
    document.getElementById('made').textContent = made(store.report);
    await draw({ fresh: true });
  }

  // Build the shell around the view.
  function build(report) {
    const skip = (event) => {
      event.preventDefault();
      document.getElementById('main').focus();
    };
    app.replaceChildren(
      ...[
        el('a', { class: 'skip', href: '#main', onclick: skip }, 'Skip to the content'),
        header(report),
        live.follow(),
        el('main', { id: 'main', tabindex: '-1' }),
      ].flat(),
    );
  }

  async function start() {
    try {
      build(await store.open());
    } catch (error) {
      app.replaceChildren(el('main', { id: 'main' }));
      tell(document.getElementById('main'), error);
      return;
    }
    window.addEventListener('hashchange', () => {
      clearTimeout(remembering);
      draw();
    });
    window.addEventListener('scroll', remember, { passive: true });
    await draw();
  }

  mathbatch.views = mathbatch.views || {};
  mathbatch.refresh = refresh;
  start();
})();
