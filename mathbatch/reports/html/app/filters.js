// Draws the filters of the samples, with the number of rows behind each choice.
'use strict';

(() => {
  const { el, format, plain, query, verdicts } = mathbatch;
  // Milliseconds without a key before a text is searched.
  const PAUSE = 150;

  // Make a button that switches one thing on and off.
  function toggle(content, press) {
    const count = el('span', { class: 'count' });
    const element = el('button', { type: 'button', 'aria-pressed': 'false', click: press }, content, ' ', count);
    return {
      element,
      set(pressed, size) {
        element.setAttribute('aria-pressed', String(pressed));
        count.textContent = format.count(size);
      },
    };
  }

  // Make the buttons of verdicts; several can be on.
  function verdictButtons(params, change) {
    const wanted = () => new Set((params().get('verdict') || '').split(',').filter(Boolean));
    const press = (name) => () => {
      const names = wanted();
      if (!names.delete(name)) names.add(name);
      change({ verdict: [...names].join(',') });
    };
    const buttons = verdicts.all.map((verdict) => ({
      verdict,
      button: toggle(verdicts.badge(verdict), press(verdict.key)),
    }));
    return {
      element: el(
        'div',
        { class: 'choices-row', role: 'group', 'aria-label': 'Verdicts' },
        buttons.map(({ button }) => button.element),
      ),
      set(selection) {
        const counts = selection.verdicts();
        for (const { verdict, button } of buttons) {
          const on = wanted().has(verdict.key);
          button.set(on, counts.get(verdict.key));
          button.element.hidden = !on && counts.get(verdict.key) === 0;
        }
      },
    };
  }

  // Make the choice among the values of one column.
  function valueChoice(facet, label, columnOf, params, change) {
    const select = el('select', { change: () => change({ [facet]: select.value }) });
    const element = el('label', {}, el('span', {}, plain.line(label, 40)), select);
    return {
      facet,
      element,
      set(selection) {
        const column = columnOf();
        element.hidden = column.labels.length === 0;
        const counts = selection.labels(facet, column);
        const value = params().get(facet) || '';
        const known = [...column.labels.keys()]
          .filter((at) => counts[at] > 0 || column.labels[at] === value)
          .sort((a, b) => counts[b] - counts[a]);
        const options = known.map((at) =>
          el(
            'option',
            { value: column.labels[at] },
            `${plain.line(column.labels[at], 80)} (${format.count(counts[at])})`,
          ),
        );
        const strange =
          value && !column.labels.includes(value) ? [el('option', { value }, `${plain.line(value, 80)} (none)`)] : [];
        select.replaceChildren(el('option', { value: '' }, 'all'), ...strange, ...options);
        select.value = value;
      },
    };
  }

  // Make the two fields for output tokens, from and to.
  function lengthChoice(params, change) {
    const field = (label) =>
      el('input', {
        type: 'number',
        min: '0',
        step: '1',
        inputmode: 'numeric',
        placeholder: label,
        'aria-label': `Output tokens, ${label}`,
        change: tell,
      });
    const low = field('from');
    const high = field('below');
    function tell() {
      change({ tokens: low.value || high.value ? `${low.value || 0}-${high.value}` : '' });
    }
    return {
      facet: 'tokens',
      element: el(
        'div',
        { class: 'pair', role: 'group', 'aria-label': 'Output tokens' },
        el('span', {}, 'tokens'),
        low,
        high,
      ),
      set() {
        const value = params().get('tokens');
        const [from, to] = value ? query.range(value) : [0, Infinity];
        low.value = from || '';
        high.value = to === Infinity ? '' : to;
      },
    };
  }

  // Make the buttons of what a row can be besides its verdict.
  function toggles(params, change) {
    const made = query.TOGGLES.map(([name, label, flag]) => ({
      name,
      flag,
      button: toggle(label, () => change({ [name]: params().get(name) ? '' : '1' })),
    }));
    return {
      element: el(
        'div',
        { class: 'choices-row', role: 'group', 'aria-label': 'Also' },
        made.map(({ button }) => button.element),
      ),
      set(selection) {
        for (const { name, flag, button } of made) {
          const on = Boolean(params().get(name));
          const count = selection.toggle(name, flag);
          button.set(on, count);
          button.element.hidden = !on && count === 0;
        }
      },
    };
  }

  // Make the field for free text, and the button that goes on to search whole texts.
  function textSearch(params, change, searchWhole) {
    let pause = null;
    const field = el('input', {
      type: 'search',
      placeholder: 'Search id, question, answer, gold',
      'aria-label': 'Search',
      autocomplete: 'off',
      spellcheck: 'false',
      input: () => {
        clearTimeout(pause);
        pause = setTimeout(() => change({ text: field.value }), PAUSE);
      },
    });
    const whole = el('button', { type: 'button', click: searchWhole }, 'Search whole texts');
    return {
      field,
      element: el('div', { class: 'search' }, field, whole),
      set() {
        if (document.activeElement !== field) field.value = params().get('text') || '';
        whole.hidden = !params().get('text');
      },
    };
  }

  // Make all filters of a view with `columns` and `params`. `change` takes what is new.
  function filters(view, change, searchWhole) {
    const { columns } = view;
    const params = () => view.params;
    const text = textSearch(params, change, searchWhole);
    const chosen = verdictButtons(params, change);
    const more = [
      valueChoice('rule', 'decided by', () => view.columns.rule, params, change),
      valueChoice('failure', 'failure', () => view.columns.failure, params, change),
      ...[...columns.metadata].map(([name, column]) =>
        valueChoice(`meta.${name}`, name, () => view.columns.metadata.get(name) || column, params, change),
      ),
      lengthChoice(params, change),
    ];
    const also = toggles(params, change);
    const summary = el('summary', {});
    const clear = el('button', { type: 'button', click: () => change(null) }, 'Clear all');
    const fold = el(
      'details',
      { class: 'more' },
      summary,
      el(
        'div',
        { class: 'fields' },
        more.map(({ element }) => element),
      ),
      also.element,
    );
    const element = el(
      'form',
      { class: 'filters', role: 'search', 'aria-label': 'Filters', submit: (event) => event.preventDefault() },
      text.element,
      chosen.element,
      fold,
      clear,
    );
    let selection = null;
    const setMore = () => {
      if (fold.open) [...more, also].forEach((one) => one.set(selection));
    };
    fold.addEventListener('toggle', setMore);
    return {
      element,
      field: text.field,
      set(next) {
        selection = next;
        text.set();
        chosen.set(selection);
        const active = [...params()].filter(
          ([name, value]) =>
            value && (more.some(({ facet }) => facet === name) || query.TOGGLES.some(([key]) => key === name)),
        ).length;
        summary.textContent = active ? `More filters, ${active} on` : 'More filters';
        if (active && matchMedia('(min-width: 800px)').matches) fold.open = true;
        clear.hidden = !active && !params().get('verdict') && !params().get('text');
        setMore();
      },
    };
  }

  mathbatch.filters = filters;
})();
