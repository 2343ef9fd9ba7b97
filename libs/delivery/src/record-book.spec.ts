import type { DomainEvent } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { RecordBook } from './record-book.js';

type Said = DomainEvent<'Said', { readonly word: string }>;
const said = (word: string): Said => ({ type: 'Said', occurredAt: 0, data: { word } });
const words = ['yes', 'no', 'perhaps'] as const;

const step = fc.oneof(
  fc.record({ enter: fc.constantFrom(...words), from: fc.nat(30) }),
  fc.record({ strike: fc.nat(30), from: fc.nat(30) }),
  fc.record({ amend: fc.nat(30), to: fc.constantFrom(...words), from: fc.nat(30) }),
);

/** Everything that can be asked of a book. */
const answers = (book: RecordBook<Said>, events: number) => ({
  words: words.map((word) => [book.stands(word), book.everHeld(word), book.holds(said(word))]),
  events: Array.from({ length: events }, (_, index) => [
    book.find(`e${index}`),
    words.map((word) => [book.says(`e${index}`, said(word)), book.without(`e${index}`).stands(word)]),
  ]),
  isEmpty: book.isEmpty,
  first: book.first,
});

describe('a record book', () => {
  it('never changes, however many books were written on from it, and equals one written from the start', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const empty = (): RecordBook<Said> => RecordBook.empty((fact) => [fact.data.word]);
        const books: { book: RecordBook<Said>; write: ((book: RecordBook<Said>) => RecordBook<Said>)[] }[] = [
          { book: empty(), write: [] },
        ];
        const seen = [answers(books[0]!.book, steps.length)];
        steps.forEach((each, index) => {
          const from = books[each.from % books.length]!;
          const write = (book: RecordBook<Said>): RecordBook<Said> =>
            'enter' in each
              ? book.enter(`e${index}`, said(each.enter))
              : 'amend' in each
                ? book.amend(`e${index}`, { event: `e${each.amend}`, reason: 'typed wrongly' }, said(each.to))
                : book.strike(`e${index}`, { event: `e${each.strike}`, reason: 'typed twice' });
          books.push({ book: write(from.book), write: [...from.write, write] });
          seen.push(answers(books.at(-1)!.book, steps.length));
        });
        books.forEach(({ book, write }, index) => {
          expect(answers(book, steps.length)).toEqual(seen[index]);
          const anew = write.reduce((before, next) => next(before), empty());
          expect(answers(anew, steps.length)).toEqual(seen[index]);
        });
      }),
    );
  });

  it('without a record is as if that had never been entered, in any of its versions', () => {
    const empty = RecordBook.empty<Said>((fact) => [fact.data.word]);
    const once = empty.enter('e0', said('no')).enter('e1', said('yes'));
    const twice = once.amend('e2', { event: 'e1', reason: 'r' }, said('perhaps'));
    const thrice = twice.amend('e3', { event: 'e2', reason: 'r' }, said('yes'));
    for (const event of ['e1', 'e2', 'e3']) {
      const without = thrice.without(event);
      expect(words.map((word) => [without.stands(word), without.everHeld(word)])).toEqual([
        [false, false],
        [true, true],
        [false, false],
      ]);
      expect(without.find(event).kind).toBe('unknown');
    }
    expect(thrice.find('e3').kind).toBe('standing');
    expect(thrice.without('e0').stands('yes')).toBe(true);
  });

  it('takes time in proportion to what is entered', () => {
    let book: RecordBook<Said> = RecordBook.empty((fact) => [fact.data.word]);
    for (let index = 0; index < 20_000; index++) book = book.enter(`e${index}`, said(`word ${index}`));
    expect(book.stands('word 19999')).toBe(true);
    expect(book.holds(said('word 0'))).toBe(true);
  });
});
