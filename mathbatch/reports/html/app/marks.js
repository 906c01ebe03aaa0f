// Keeps the marks that a person makes on verdicts, and writes and reads them as a file.
'use strict';

(() => {
  const { kept } = mathbatch;
  const FAULTS = ['extraction', 'gold', 'picture', 'other'];
  const VERDICTS = ['correct', 'wrong', 'no_answer', 'unscored'];
  const books = new Map();

  // Return the name of an answer within its run.
  const nameOf = (id, rollout) => JSON.stringify([id, rollout]);

  // Raise an Error that says what is wrong with a mark, if anything is.
  function check(mark, number) {
    const bad = (what) => {
      throw new Error(`Mark ${number}: ${what}`);
    };
    if (mark === null || typeof mark !== 'object') bad('is not an object');
    if (typeof mark.id !== 'string') bad('"id" is not a text');
    if (!Number.isInteger(mark.rollout) || mark.rollout < 0) bad('"rollout" is not a number from 0 on');
    if (!FAULTS.includes(mark.fault)) bad(`"fault" is none of ${FAULTS.join(', ')}`);
    if (!VERDICTS.includes(mark.verdict)) bad(`"verdict" is none of ${VERDICTS.join(', ')}`);
    if (typeof mark.note !== 'string') bad('"note" is not a text');
    if (!/^[0-9a-f]{8}$/.test(mark.seal)) bad('"seal" is not eight hex digits');
    return {
      id: mark.id,
      rollout: mark.rollout,
      fault: mark.fault,
      verdict: mark.verdict,
      note: mark.note,
      seal: mark.seal,
    };
  }

  // Return the marks of a run as this browser has them, with what undo needs.
  function bookOf(run) {
    if (!books.has(run.run)) {
      const book = { marks: new Map(), before: [], isKept: true, isSaved: true };
      books.set(run.run, book);
      fill(book, kept.get(`mathbatch-marks:${run.run}`));
    }
    return books.get(run.run);
  }

  // Take in what was kept; what can't be read counts as nothing, since a file has the marks that matter.
  function fill(book, text) {
    if (!text) return;
    try {
      JSON.parse(text).forEach((mark, at) => book.marks.set(nameOf(mark.id, mark.rollout), check(mark, at + 1)));
    } catch (error) {
      console.warn('Marks that this browser kept can’t be read', error);
      book.marks.clear();
    }
  }

  // Replace the marks of a run, and remember those before for undo.
  function replace(run, marks) {
    const book = bookOf(run);
    book.before.push(book.marks);
    book.marks = marks;
    keep(run, book);
  }

  // Keep the marks in the browser where that is possible.
  function keep(run, book) {
    book.isSaved = book.marks.size === 0;
    book.isKept = kept.set(
      `mathbatch-marks:${run.run}`,
      book.marks.size ? JSON.stringify([...book.marks.values()]) : null,
    );
  }

  // Add a mark, in place of one on the same answer.
  function add(run, mark) {
    const marks = new Map(bookOf(run).marks);
    marks.set(nameOf(mark.id, mark.rollout), mark);
    replace(run, marks);
  }

  // Take a mark away.
  function remove(run, id, rollout) {
    const marks = new Map(bookOf(run).marks);
    if (marks.delete(nameOf(id, rollout))) replace(run, marks);
  }

  // Take back the last change; return whether there was one.
  function undo(run) {
    const book = bookOf(run);
    if (!book.before.length) return false;
    book.marks = book.before.pop();
    keep(run, book);
    return true;
  }

  // Return the content of the marks' file.
  function file(run) {
    bookOf(run).isSaved = true;
    return JSON.stringify(
      {
        mathbatch_marks: 1,
        run: run.run,
        folder: run.folder,
        made: new Date().toISOString(),
        marks: [...bookOf(run).marks.values()],
      },
      null,
      1,
    );
  }

  // Take in a file of marks; return how many. Raises an Error that says what is wrong, such as another run.
  function read(run, text) {
    let content;
    try {
      content = JSON.parse(text);
    } catch {
      throw new Error('This is not a file of marks: it is not JSON.');
    }
    if (
      content === null ||
      typeof content !== 'object' ||
      content.mathbatch_marks !== 1 ||
      !Array.isArray(content.marks)
    )
      throw new Error('This is not a file of marks: it has no "mathbatch_marks": 1 and "marks".');
    if (content.run !== run.run)
      throw new Error(
        `These marks are of the run ${String(content.run)} (${String(content.folder)}), not of ${run.run} (${run.name}).`,
      );
    const marks = new Map(bookOf(run).marks);
    content.marks.forEach((mark, at) => {
      const sound = check(mark, at + 1);
      marks.set(nameOf(sound.id, sound.rollout), sound);
    });
    replace(run, marks);
    return content.marks.length;
  }

  // Ask before the page is left with marks that are nowhere else.
  window.addEventListener('beforeunload', (event) => {
    if ([...books.values()].some((book) => !book.isKept && !book.isSaved)) event.preventDefault();
  });

  mathbatch.marks = {
    FAULTS,
    VERDICTS,
    add,
    remove,
    undo,
    file,
    read,
    get: (run, id, rollout) => bookOf(run).marks.get(nameOf(id, rollout)),
    all: (run) => [...bookOf(run).marks.values()],
    idsOf: (run) => new Set([...bookOf(run).marks.values()].map((mark) => mark.id)),
    has: (run, id) => [...bookOf(run).marks.values()].some((mark) => mark.id === id),
    isKept: (run) => bookOf(run).isKept,
    canUndo: (run) => bookOf(run).before.length > 0,
  };
})();
