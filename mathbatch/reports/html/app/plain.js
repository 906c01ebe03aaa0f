// Shows texts of others as they are: control and direction characters become visible and have no effect.
'use strict';

(() => {
  const { el } = mathbatch;
  // Tab and line feed stay; so do the joiners that emoji and some scripts need (U+200C, U+200D).
  const CONTROLS =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;
  const controls = new RegExp(CONTROLS.source, 'u');

  // Return the name of a control character, such as U+202E.
  const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

  // Tell whether a text has characters that are not seen or change the order of others.
  const hasControls = (text) => controls.test(text);

  // Return nodes for a text, with each control character as its name.
  function nodes(text) {
    const source = text.replaceAll('\r\n', '\n');
    if (!hasControls(source)) return [document.createTextNode(source)];
    const made = [];
    let from = 0;
    for (const found of source.matchAll(CONTROLS)) {
      made.push(source.slice(from, found.index), el('span', { class: 'control' }, code(found[0])));
      from = found.index + found[0].length;
    }
    return [...made, source.slice(from)];
  }

  // Return a text in one line with visible controls, cut to some characters, for places that take only text.
  function line(text, limit = 200) {
    const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
    return cut.replace(CONTROLS, (character) => `[${code(character)}]`);
  }

  // Make an element that holds a text of others, apart from the direction of its neighbours.
  const text = (value, limit) =>
    el(
      'bdi',
      { title: limit && value.length > limit ? line(value, 1000) : null },
      nodes(limit && value.length > limit ? `${value.slice(0, limit)}…` : value),
    );

  mathbatch.plain = { nodes, line, text, hasControls };
})();
