// Gives views keys of one letter, which do nothing while somebody writes, and a list of them.
'use strict';

(() => {
  const { el, kept } = mathbatch;
  const OFF = 'mathbatch-keys';
  let bindings = [];

  // Use these keys as long as `root` is in the page: [{keys: ['j'], label, run(event)}, …]. They replace those before.
  function use(root, list) {
    bindings = list.map((binding) => ({ ...binding, root }));
  }

  // Tell whether letters go to a field that somebody writes in, or to a dialog.
  function isWriting(target) {
    return (
      target.closest &&
      target.closest('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog') !== null
    );
  }

  // Run what a key stands for.
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return;
    if (event.key === '?') {
      event.preventDefault();
      help();
      return;
    }
    if (kept.get(OFF) === 'off') return;
    const binding = bindings.find(({ keys, root }) => root.isConnected && keys.includes(event.key));
    if (!binding) return;
    event.preventDefault();
    binding.run(event);
  }

  // Show the list of keys.
  function help() {
    const rows = bindings
      .filter(({ root }) => root.isConnected)
      .map(({ shown, keys, label }) => [
        el(
          'dt',
          {},
          (shown || keys).map((key) => el('kbd', {}, key)),
        ),
        el('dd', {}, label),
      ]);
    const box = el('input', {
      type: 'checkbox',
      checked: kept.get(OFF) !== 'off',
      change: () => kept.set(OFF, box.checked ? null : 'off'),
    });
    open(
      'Keys',
      el('dl', { class: 'key-list' }, rows, el('dt', {}, el('kbd', {}, '?')), el('dd', {}, 'this list')),
      el('label', {}, box, ' Keys of one letter are on'),
    );
  }

  // Open a dialog that is gone once it is closed; focus goes back to where it was.
  function open(title, ...content) {
    const close = el('button', { type: 'button', click: () => dialog.close() }, 'Close');
    const dialog = el(
      'dialog',
      { class: 'dialog', 'aria-label': title, close: () => dialog.remove() },
      el('header', {}, el('h2', {}, title), close),
      content,
    );
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  document.addEventListener('keydown', press);
  mathbatch.keys = { use, help, open };
})();
