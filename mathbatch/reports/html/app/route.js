// Keeps the state of the page in its address, `#/samples?run=a&verdict=wrong`, so that every view has a link.
'use strict';

(() => {
  // Return the view and its parameters as the address has them.
  function read() {
    const [view, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
    return { view: view || 'overview', params: new URLSearchParams(query) };
  }

  // Return the address of a view; parameters that are null or empty are left out.
  function href(view, params = {}) {
    const query = new URLSearchParams();
    const pairs = params instanceof URLSearchParams ? [...params] : Object.entries(params);
    for (const [name, value] of pairs) if (value !== null && value !== undefined && value !== '') query.append(name, value);
    return `#/${view}${[...query].length ? `?${query}` : ''}`;
  }

  // Change some parameters of the view that is shown; `replace` leaves no entry in the history.
  function change(params, replace = false) {
    const { view, params: known } = read();
    for (const [name, value] of Object.entries(params)) known.set(name, value === null ? '' : value);
    const target = href(view, known);
    if (replace) { history.replaceState(null, '', target); window.dispatchEvent(new HashChangeEvent('hashchange')); } else location.hash = target;
  }

  mathbatch.route = { read, href, change };
})();
