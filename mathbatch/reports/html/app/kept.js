// Keeps small things in the browser. It may refuse to, for a page from a disk: then they hold until the page is closed.
'use strict';

window.mathbatch = window.mathbatch || {};

(() => {
  const memory = new Map();

  // Return what is kept under a name, or null.
  function get(name) {
    try {
      return localStorage.getItem(name) ?? memory.get(name) ?? null;
    } catch {
      return memory.get(name) ?? null;
    }
  }

  // Keep a text under a name, null for none. Return whether it will be there when the page is opened again.
  function set(name, text) {
    memory.set(name, text);
    try {
      if (text === null) localStorage.removeItem(name);
      else localStorage.setItem(name, text);
      return true;
    } catch {
      return false;
    }
  }

  mathbatch.kept = { get, set };
})();
