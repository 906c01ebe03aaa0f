// Starts the page: loads the report, draws the view that the address names, and draws anew when it changes.
'use strict';

(() => {
  const { el, format, route, store, theme } = mathbatch;
  const app = document.getElementById('app');
  const VIEWS = { overview: 'Overview', samples: 'Samples', compare: 'Compare' };
  let drawn = null;
  let turn = 0;

  // Return the views of this report that are there.
  function offered(report) {
    return Object.keys(VIEWS).filter((name) => mathbatch.views[name] && (name !== 'compare' || report.runs.length > 1));
  }

  // Return the header: title, when and by what the report was made, the way to the views, and the colours.
  function header(report) {
    const links = offered(report).map((name) => el('li', {}, el('a', { href: route.href(name), 'data-view': name }, VIEWS[name])));
    return el('header', { class: 'shell' },
      el('div', { class: 'name' },
        el('h1', {}, el('bdi', {}, report.title)),
        el('p', { id: 'made' }, `MathBatch ${report.version}, ${format.when(report.made)}`)),
      el('nav', { 'aria-label': 'Views' }, el('ul', {}, links)),
      theme.control());
  }

  // Mark the view that is shown, in the header and in the title of the window.
  function name(view) {
    document.body.dataset.view = view;
    document.title = `${VIEWS[view]}: ${store.report.title}`;
    for (const link of document.querySelectorAll('.shell nav a')) {
      link.setAttribute('aria-current', link.dataset.view === view ? 'page' : 'false');
    }
  }

  // Say in place of the view why it can't be drawn.
  function tell(main, error) {
    main.replaceChildren(el('div', { class: 'problem', role: 'alert' },
      el('h2', {}, 'This can’t be shown'),
      el('p', {}, error.message)));
    console.warn(error);
  }

  // Draw the view that the address names. A view is mathbatch.views.<name>: (main, params) => Promise. With `live`, a view
  // that has a function `update` of the same kind is asked to take in the new report instead.
  async function draw({ live = false } = {}) {
    const { view: asked, params } = route.read();
    const view = offered(store.report).includes(asked) ? asked : 'overview';
    const main = document.getElementById('main');
    const mine = ++turn;
    const another = drawn !== view;
    drawn = view;
    name(view);
    try {
      const shown = mathbatch.views[view];
      if (live && shown.update) await shown.update(main, params);
      else await shown(main, params);
    } catch (error) {
      if (mine === turn) tell(main, error);
    }
    if (another && !live && mine > 1) { window.scrollTo(0, 0); main.focus({ preventScroll: true }); }
  }

  // Build the shell around the view.
  function build(report) {
    const skip = (event) => { event.preventDefault(); document.getElementById('main').focus(); };
    app.replaceChildren(
      el('a', { class: 'skip', href: '#main', onclick: skip }, 'Skip to the content'),
      header(report),
      el('main', { id: 'main', tabindex: '-1' }));
  }

  async function start() {
    try {
      build(await store.open());
    } catch (error) {
      app.replaceChildren(el('main', { id: 'main' }));
      tell(document.getElementById('main'), error);
      return;
    }
    window.addEventListener('hashchange', () => draw());
    await draw();
  }

  mathbatch.views = mathbatch.views || {};
  mathbatch.draw = draw;
  start();
})();
