// The tools with which a person marks a verdict as wrong, and the list of what is marked.
'use strict';

(() => {
  const { el, marks, plain, shell, verdicts } = mathbatch;
  const WORDS = { extraction: 'Extraction', gold: 'Gold answer', picture: 'Picture', other: 'Something else' };

  // Return what a verdict most likely should be, given what is at fault.
  function likely(fault, verdict) {
    if (fault === 'gold' || fault === 'picture') return verdict === 'unscored' ? 'correct' : 'unscored';
    return verdict === 'correct' ? 'wrong' : 'correct';
  }

  // Make one choice of several, as radio buttons.
  function choice(name, legend, options, value, change) {
    return el(
      'fieldset',
      {},
      el('legend', {}, legend),
      options.map(([key, label]) =>
        el(
          'label',
          {},
          el('input', { type: 'radio', name, value: key, checked: key === value, change: () => change(key) }),
          ' ',
          label,
        ),
      ),
    );
  }

  // Make the form for one mark; `done` is called when it is closed.
  function form(run, detail, rollout, done) {
    const one = detail.rollouts[rollout];
    const before = marks.get(run, detail.id, rollout);
    const mark = before
      ? { ...before }
      : { id: detail.id, rollout, fault: 'extraction', verdict: likely('extraction', one.verdict), note: '' };
    const options = marks.VERDICTS.filter((name) => name !== one.verdict).map((name) => [
      name,
      verdicts.badge(verdicts.named(name)),
    ]);
    const note = el('textarea', { rows: '2', 'aria-label': 'Note', placeholder: 'Note' });
    note.value = mark.note;
    const verdictChoice = () =>
      choice('should', 'The verdict should be', options, mark.verdict, (name) => {
        mark.verdict = name;
      });
    let shown = verdictChoice();
    const save = (event) => {
      event.preventDefault();
      marks.add(run, { ...mark, note: note.value, seal: one.seal });
      done();
    };
    const made = el(
      'form',
      { class: 'mark-form', submit: save },
      choice(
        'fault',
        'At fault is',
        marks.FAULTS.map((name) => [name, WORDS[name]]),
        mark.fault,
        (fault) => {
          mark.fault = fault;
          mark.verdict = likely(fault, one.verdict);
          const next = verdictChoice();
          shown.replaceWith(next);
          shown = next;
        },
      ),
      shown,
      note,
      el(
        'div',
        { class: 'tools' },
        el('button', { type: 'submit' }, 'Mark'),
        el('button', { type: 'button', click: () => done() }, 'Cancel'),
      ),
    );
    made.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') done();
    });
    return made;
  }

  // Make what is shown of a mark that is there, with the way to change it and to take it away.
  function markOf(run, one, mark, edit, changed) {
    const stale =
      mark.seal !== one.seal &&
      el('p', { class: 'failure' }, 'This mark is of another answer than the one above; `score` refuses it.');
    return [
      el(
        'p',
        {},
        el('strong', {}, '⚑ Marked: '),
        `${WORDS[mark.fault].toLowerCase()} at fault, should be `,
        verdicts.badge(verdicts.named(mark.verdict)),
        mark.note ? [' — ', plain.text(mark.note, 2000)] : null,
      ),
      stale,
      el(
        'div',
        { class: 'tools' },
        el('button', { type: 'button', class: 'mark-open', click: edit }, 'Change'),
        el(
          'button',
          {
            type: 'button',
            click: () => {
              marks.remove(run, mark.id, mark.rollout);
              changed();
            },
          },
          'Remove the mark',
        ),
      ),
    ];
  }

  // Make the tools for one answer; `changed` is called after each change of the marks.
  function tools(run, detail, rollout, changed) {
    const one = detail.rollouts[rollout];
    if (!marks.VERDICTS.includes(one.verdict)) return null;
    const root = el('section', { class: 'triage', 'aria-label': 'Mark of the verdict' });
    const close = () => {
      draw();
      changed();
      root.querySelector('button').focus();
    };
    const edit = () => {
      root.replaceChildren(form(run, detail, rollout, close));
      root.querySelector('input:checked').focus();
    };
    function draw() {
      const mark = marks.get(run, detail.id, rollout);
      root.replaceChildren(
        ...(mark
          ? markOf(run, one, mark, edit, close)
          : [el('button', { type: 'button', class: 'mark-open', click: edit }, '⚑ Verdict is wrong…')]
        ).filter(Boolean),
      );
    }
    draw();
    return root;
  }

  // Open the form of the answer that is shown in an element.
  function open(root) {
    const button = root.querySelector('.triage .mark-open');
    if (button) button.click();
  }

  // Return the name of the file in which the marks of a run are saved.
  const fileOf = (run) => `marks-${run.run.replace(/[^\w.-]+/g, '-').slice(0, 80)}.json`;

  // Hand the marks of a run to the browser as a file.
  function save(run) {
    const address = URL.createObjectURL(new Blob([marks.file(run)], { type: 'application/json' }));
    const link = el('a', { href: address, download: fileOf(run) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  // Make the field that reads a file of marks.
  function reader(run, say, changed) {
    const field = el('input', {
      type: 'file',
      accept: '.json,application/json',
      'aria-label': 'Read marks from a file',
      change: async () => {
        try {
          const count = marks.read(run, await field.files[0].text());
          say(`${count.toLocaleString('en')} marks read`);
          changed();
        } catch (error) {
          say(error.message);
        }
        field.value = '';
      },
    });
    return el('label', {}, el('span', {}, 'Read a file'), field);
  }

  // Make one mark of the list.
  function entry(mark, go, remove) {
    return el(
      'li',
      {},
      el(
        'button',
        { type: 'button', class: 'plain-button', click: () => go(mark.id, mark.rollout) },
        plain.text(mark.id, 60),
        mark.rollout ? ` (${mark.rollout + 1})` : '',
      ),
      el('span', { class: 'muted' }, ` ${WORDS[mark.fault].toLowerCase()} → `),
      verdicts.glyph(verdicts.named(mark.verdict)),
      el(
        'button',
        {
          type: 'button',
          class: 'plain-button',
          'aria-label': `Remove the mark of ${plain.line(mark.id, 60)}`,
          click: remove,
        },
        '×',
      ),
    );
  }

  // Make the panel with all marks of a run. `go` shows an answer; `changed` is called when marks change here.
  function panel(run, go, changed) {
    const summary = el('summary', {});
    const list = el('ul', { class: 'mark-list' });
    const status = el('p', { class: 'hint', role: 'status' });
    const command = el('code', { class: 'command' });
    const undo = el(
      'button',
      {
        type: 'button',
        click: () => {
          marks.undo(run);
          told('');
        },
      },
      'Undo',
    );
    const saver = el(
      'button',
      {
        type: 'button',
        click: () => {
          save(run);
          told(`Saved as ${fileOf(run)} where this browser saves files. To score with it:`, true);
        },
      },
      'Save marks',
    );
    const element = el(
      'details',
      { class: 'marks' },
      summary,
      list,
      el(
        'div',
        { class: 'tools' },
        saver,
        undo,
        reader(
          run,
          (words) => {
            status.textContent = words;
          },
          () => told(status.textContent),
        ),
      ),
      status,
      command,
    );

    // Say something, and show what has changed.
    function told(words, withCommand = false) {
      status.textContent = words;
      command.hidden = !withCommand;
      refresh();
      changed();
    }

    // Draw the marks as they are now.
    function refresh() {
      const all = marks.all(run);
      summary.textContent = all.length ? `Marks: ${all.length.toLocaleString('en')}` : 'Marks';
      list.replaceChildren(
        ...all.map((mark) =>
          entry(mark, go, () => {
            marks.remove(run, mark.id, mark.rollout);
            told('');
          }),
        ),
      );
      saver.disabled = all.length === 0;
      undo.disabled = !marks.canUndo(run);
      command.textContent = `python -m mathbatch.score run_dir=${shell.folderOf(run)} marks=${fileOf(run)}`;
      if (all.length && !marks.isKept(run) && !status.textContent)
        status.textContent = 'This browser keeps nothing for this page: save the marks before you close it.';
    }

    command.hidden = true;
    refresh();
    return { element, refresh };
  }

  mathbatch.triage = { tools, open, panel };
})();
