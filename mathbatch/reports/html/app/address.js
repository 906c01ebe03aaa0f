// Lets the address follow what is shown, without an entry in the history for each step.
'use strict';

(() => {
  const { route } = mathbatch;
  // Milliseconds without a change before the address follows; browsers refuse to change it many times a second.
  const PAUSE = 200;
  let pause = null;

  // Write parameters of a view to the address a little later, if `root` is still in the page by then.
  function follow(view, params, root) {
    clearTimeout(pause);
    const before = location.hash;
    pause = setTimeout(() => {
      // Whoever has gone elsewhere in the meantime is not taken back.
      if (root.isConnected && location.hash === before) history.replaceState(null, '', route.href(view, params));
    }, PAUSE);
  }

  mathbatch.address = { follow };
})();
