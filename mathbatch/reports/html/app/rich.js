// Renders what a model wrote: Markdown, then a filter that lets plain tags through, then formulas.
'use strict';

(() => {
  const { el, formulas, plain } = mathbatch;
  const TAGS = [
    'p',
    'br',
    'hr',
    'strong',
    'em',
    's',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'span',
  ];
  const FILTER = {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['start'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  };
  // Further formulas of one text stay source, so that a page of them doesn't fill the memory.
  const FORMULAS = 2000;
  // Parts for which a formula counts: it is drawn with many elements.
  const PER_FORMULA = 5;
  // Milliseconds of drawing before the browser gets its turn, first and last: each turn is twice as long as the one before,
  // since the browser lays the whole text out again after it.
  const [TURN, LAST_TURN] = [12, 200];
  // Places of formulas and ends of the answer are words that no text can foresee, in a private area of Unicode.
  const nonce = [...crypto.getRandomValues(new Uint32Array(2))].map((number) => number.toString(36)).join('');
  const place = (name) => `\ue000${nonce}${name}\ue001`;
  const PLACES = new RegExp(place('(\\d+|[se])'), 'g');

  const markdown = markdownit({ html: false, linkify: false, typographer: false });
  // Addresses are shown as they are written, and are never followed.
  markdown.normalizeLink = (address) => address;
  const rules = markdown.renderer.rules;
  const escape = markdown.utils.escapeHtml;
  // Links and pictures of a text lead nowhere: their addresses are shown.
  rules.link_open = (tokens, at, options, env) => {
    env.links = [...(env.links || []), tokens[at].attrGet('href') || ''];
    return '<span>';
  };
  rules.link_close = (tokens, at, options, env) => {
    const address = env.links.pop();
    return tokens[at].info === 'auto' ? '</span>' : `</span> <code>${escape(address)}</code>`;
  };
  rules.image = (tokens, at) =>
    `<span>[picture: ${escape(tokens[at].content)}]</span> <code>${escape(tokens[at].attrGet('src') || '')}</code>`;
  // Headings of an answer are none of the page's.
  rules.heading_open = () => '<p><strong>';
  rules.heading_close = () => '</strong></p>\n';
  rules.td_open = () => '<td>';
  rules.th_open = () => '<th>';
  rules.fence = (tokens, at) => `<pre><code>${escape(tokens[at].content)}</code></pre>\n`;

  // Return the text with places for formulas and for the ends of the extracted answer, and the formula that holds it.
  function withPlaces(text, found, span) {
    const cuts = found.map((formula, number) => ({ at: formula.start, end: formula.end, word: place(number) }));
    const within = span ? found.findIndex((formula) => formula.start < span[1] && formula.end > span[0]) : -1;
    if (span && within < 0)
      cuts.push({ at: span[0], end: span[0], word: place('s') }, { at: span[1], end: span[1], word: place('e') });
    cuts.sort((a, b) => a.at - b.at || a.end - b.end);
    let made = '';
    let from = 0;
    for (const cut of cuts) {
      made += text.slice(from, cut.at) + cut.word;
      from = cut.end;
    }
    return { marked: made + text.slice(from), within };
  }

  // Return all text nodes below an element.
  function textsOf(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    return nodes;
  }

  // Replace one text node: places become formulas that wait to be drawn, control characters their names.
  function fill(node, state) {
    const text = node.data;
    const made = [];
    let from = 0;
    const put = (end) => {
      const piece = text.slice(from, end);
      if (piece)
        made.push(...(state.taken ? [el('mark', { class: 'taken' }, plain.nodes(piece))] : plain.nodes(piece)));
    };
    for (const found of text.matchAll(PLACES)) {
      put(found.index);
      from = found.index + found[0].length;
      if (found[1] === 's' || found[1] === 'e') state.taken = found[1] === 's';
      else made.push(waiting(Number(found[1]), state));
    }
    if (from === 0 && !state.taken && !plain.hasControls(text)) return;
    put(text.length);
    node.replaceWith(...made);
  }

  // Make the place of a formula, with its source until it is drawn.
  function waiting(number, state) {
    const formula = state.found[number];
    const element = el(
      'span',
      { class: formula.display ? 'formula display' : 'formula' },
      plain.nodes(state.text.slice(formula.start, formula.end)),
    );
    state.queue.push({ element, formula, taken: number === state.within });
    return element;
  }

  // Draw formulas that wait, a few milliseconds at a time, until there is none or the text is no longer shown.
  function drawWaiting(root, state, first) {
    const end = performance.now() + state.turn;
    state.turn = Math.min(LAST_TURN, 2 * state.turn);
    while (state.next < state.queue.length && performance.now() < end) {
      const { element, formula, taken } = state.queue[state.next];
      const drawn =
        state.next < FORMULAS ? formulas.draw(formula, state.text.slice(formula.start, formula.end)) : element;
      if (taken) drawn.classList.add('taken');
      if (drawn !== element) element.replaceWith(drawn);
      state.next += 1;
    }
    if (state.next < state.queue.length)
      setTimeout(() => (first || root.isConnected) && drawWaiting(root, state, false));
    else requestAnimationFrame(() => reachable(root));
  }

  // Let the keyboard scroll what is wider than the page.
  function reachable(root) {
    for (const wide of root.querySelectorAll('.formula.display, table')) {
      if (wide.scrollWidth > wide.clientWidth + 1) wide.tabIndex = 0;
    }
  }

  // Return of how many parts a page would be made.
  const partsOf = (tokens) => tokens.reduce((sum, token) => sum + 1 + (token.children ? token.children.length : 0), 0);

  // Make an element with the rendered text; `span` is where the extracted answer stands in it. Return null for a text of
  // more than `limit` parts, with which the browser would be busy for long.
  function rich(text, span, limit) {
    const found = formulas.find(text);
    const { marked, within } = withPlaces(text, found, span);
    const tokens = markdown.parse(marked, {});
    if (partsOf(tokens) + PER_FORMULA * found.length > limit) return null;
    const root = el('div', { class: 'rich' });
    root.append(DOMPurify.sanitize(markdown.renderer.render(tokens, markdown.options, {}), FILTER));
    const state = { text, found, within, taken: false, queue: [], next: 0, turn: TURN };
    textsOf(root).forEach((node) => fill(node, state));
    drawWaiting(root, state, true);
    return root;
  }

  mathbatch.rich = rich;
})();
