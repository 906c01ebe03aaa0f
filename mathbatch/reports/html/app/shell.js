// Writes commands as a reader can paste them into a shell.
'use strict';

(() => {
  // Return a text as one word of a shell.
  const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  // Return the folder of a run as one word of a shell: as this machine finds it, if the page was opened from its disk.
  function folderOf(run) {
    if (location.protocol !== 'file:' || run.folder.startsWith('/')) return quoted(run.folder);
    const parts = decodeURIComponent(location.pathname).split('/').slice(0, -1);
    for (const part of run.folder.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.' && part !== '') parts.push(part);
    }
    return quoted(parts.join('/') || '/');
  }

  mathbatch.shell = { quoted, folderOf };
})();
