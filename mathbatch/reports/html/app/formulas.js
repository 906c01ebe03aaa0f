// Finds mathematics in a text and draws it with KaTeX.
'use strict';

(() => {
  const { el, plain } = mathbatch;
  // Longer formulas stay source: KaTeX would take seconds, or end in a stack that is too deep.
  const LONGEST = 8000;
  // Elements within each other of which a formula may be made; it takes some seven for each fraction in another one. With
  // 1,400 of them a browser crashes, and 100 boxes within each other keep it busy for seconds.
  const DEEPEST = 150;
  // Groups within each other in the source. KaTeX reads each one by calls within calls, which use up a browser's stack.
  const DEEPEST_SOURCE = 60;
  // Errors by which browsers tell that their stack is used up.
  const NO_STACK = new Set(['RangeError', 'InternalError']);
  const ENVIRONMENTS = new Set([
    'align',
    'align*',
    'aligned',
    'alignat',
    'alignat*',
    'array',
    'bmatrix',
    'cases',
    'equation',
    'equation*',
    'gather',
    'gather*',
    'gathered',
    'matrix',
    'pmatrix',
    'split',
    'vmatrix',
  ]);
  const MARKS = /(`+|~{3,})|\\([[(])|\\begin\{([a-z]+\*?)\}|(\\boxed\s*\{)|\\[^]|(\$\$)|\$/g;
  // One dollar is mathematics if both ends touch their content or neither does, and no digit follows: "$5 and $6" is not.
  const DOLLARS =
    /\$(?:(?!\s)((?:\\[^]|[^$\\\n]|\n(?!\s*\n)){0,2000}?[^$\s\\]|(?:\\[^]|[^$\\\n]){0,2000}?\\[^\s])|\s((?:\\[^]|[^$\\\n]){1,2000}?)\s)\$(?!\d)/y;
  // Commands that define macros, which can grow without bound, and those that write to the console.
  const REFUSED =
    /\\(?:[gex]?def|let|futurelet|global|long|(?:re)?newcommand|providecommand|(?:err)?message|show)(?![a-zA-Z])/;

  // Return a function that finds the next `close` from a position on, and never looks twice at the same text.
  function finder(text) {
    const next = new Map();
    return (close, from) => {
      const known = next.get(close);
      if (known !== undefined && (known === -1 || known >= from)) return known;
      const found = text.indexOf(close, from);
      next.set(close, found);
      return found;
    };
  }

  // Return for each brace that opens where it is closed; 0 where it is not.
  function braces(text) {
    const closed = new Int32Array(text.length);
    const open = [];
    for (let at = 0; at < text.length; at += 1) {
      const character = text.charCodeAt(at);
      if (character === 92) at += 1;
      else if (character === 123) open.push(at);
      else if (character === 125 && open.length) closed[open.pop()] = at;
    }
    return closed;
  }

  // Tell whether more groups than KaTeX should read stand within each other: braces, and \left with its \right.
  function isTooDeep(tex) {
    let depth = 0;
    for (const [mark] of tex.matchAll(/\\left(?![a-zA-Z])|\\right(?![a-zA-Z])|\\[^]|[{}]/g)) {
      if (mark === '{' || mark === '\\left') depth += 1;
      else if (mark === '}' || mark === '\\right') depth -= 1;
      if (depth > DEEPEST_SOURCE) return true;
    }
    return false;
  }

  // Tell whether only spaces, quotes and list marks stand before a position in its line.
  function beginsLine(text, at) {
    const before = text.slice(Math.max(0, at - 40), at);
    const line = before.lastIndexOf('\n') + 1;
    return (line > 0 || at <= 40) && /^[ >\t*+\d.-]*$/.test(before.slice(line));
  }

  // Return where code ends that begins with these marks, or where the marks end if nothing closes them.
  function codeEnd(text, marks, at, find) {
    const after = at + marks.length;
    if (marks.length > 2 && beginsLine(text, at)) {
      let close = find(marks, after);
      while (close >= 0 && !beginsLine(text, close)) close = find(marks, close + marks.length);
      return close < 0 ? text.length : close + marks.length;
    }
    const close = marks[0] === '`' ? find(marks, after) : -1;
    return close < 0 ? after : close + marks.length;
  }

  // Return the formula that begins at a mark, or null.
  function formulaAt(text, mark, find, closed) {
    const start = mark.index;
    const upTo = (close, from, display, whole = false) => {
      const end = find(close, from);
      if (end < 0 || end - start > LONGEST) return null;
      return {
        start,
        end: end + close.length,
        tex: whole ? text.slice(start, end + close.length) : text.slice(from, end),
        display,
      };
    };
    const [all, , bracket, environment, boxed, double] = mark;
    if (bracket) return upTo(bracket === '(' ? '\\)' : '\\]', start + 2, bracket === '[');
    if (environment) return ENVIRONMENTS.has(environment) ? upTo(`\\end{${environment}}`, start, true, true) : null;
    if (double) return upTo('$$', start + 2, true);
    if (boxed) {
      const end = closed()[start + boxed.length - 1];
      // An empty box is what a prompt asks for, and is better read as it is written.
      const isEmpty = text.slice(start + boxed.length, end).trim() === '';
      return end && !isEmpty && end - start <= LONGEST
        ? { start, end: end + 1, tex: text.slice(start, end + 1), display: false }
        : null;
    }
    if (all !== '$') return null;
    DOLLARS.lastIndex = start;
    const found = DOLLARS.exec(text);
    return found && { start, end: start + found[0].length, tex: found[1] || found[2], display: false };
  }

  // Return the formulas of a text in order: {start, end, tex, display}. Code is left alone.
  function find(text) {
    const found = [];
    const next = finder(text);
    let known = null;
    const closed = () => (known = known || braces(text));
    MARKS.lastIndex = 0;
    for (let mark = MARKS.exec(text); mark; mark = MARKS.exec(text)) {
      if (mark[1]) MARKS.lastIndex = codeEnd(text, mark[1], mark.index, next);
      const at = MARKS.lastIndex;
      const formula = mark[1] ? null : formulaAt(text, mark, next, closed);
      MARKS.lastIndex = formula ? formula.end : at;
      if (formula && formula.tex.trim()) found.push(formula);
    }
    return found;
  }

  // Move style attributes, which the page's policy refuses, to where they are set by script. Return the number of levels.
  function freeOfStyles(node) {
    if (node.attributes && node.attributes.style) {
      node.attributes['data-style'] = node.attributes.style;
      delete node.attributes.style;
    }
    return 1 + (node.children || []).reduce((deepest, child) => Math.max(deepest, freeOfStyles(child)), 0);
  }

  // Return the drawn formula, or null if KaTeX can't read it.
  function drawn(tex, display) {
    if (tex.length > LONGEST || REFUSED.test(tex) || plain.hasControls(tex) || isTooDeep(tex)) return null;
    const settings = {
      displayMode: display,
      trust: false,
      strict: 'ignore',
      throwOnError: false,
      errorColor: 'var(--wrong)',
      maxExpand: 1000,
      maxSize: 20,
      macros: {},
    };
    try {
      const tree = katex.__renderToDomTree(tex, settings);
      if (tree.classes.includes('katex-error')) return null;
      if (freeOfStyles(tree) > DEEPEST) return null;
      const element = tree.toNode();
      for (const styled of element.querySelectorAll('[data-style]')) {
        styled.style.cssText = styled.getAttribute('data-style');
        styled.removeAttribute('data-style');
      }
      return element;
    } catch (error) {
      if (NO_STACK.has(error.name) || error instanceof katex.ParseError) return null;
      throw error;
    }
  }

  // Make a formula, or its source where it can't be drawn.
  function draw(formula, source) {
    const made = drawn(formula.tex, formula.display);
    if (made) return el('span', { class: formula.display ? 'formula display' : 'formula' }, made);
    return el(
      'code',
      { class: 'formula source', title: 'This formula can’t be drawn; here is its source.' },
      plain.nodes(source),
    );
  }

  mathbatch.formulas = { find, draw };
})();
