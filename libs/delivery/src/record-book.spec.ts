import type { DomainEvent } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { RecordBook } from './record-book.js';

type Said = DomainEvent<'Said', { readonly word: string }>;
const said = (word: string): Said => ({ type: 'Said', occurredAt: 0, data: { word } });
const words = ['yes', 'no', 'perhaps'] as const;

const step = fc.oneof(
  fc.record({ enter: fc.constantFrom(...words), from: fc.nat(30) }),
  fc.record({ strike: fc.nat(30), from: fc.nat(30) }),
);

/** Everything that can be asked of a book. */
const answers = (book: RecordBook<Said>, events: number) => ({
  words: words.map((word) => [book.stands(word), book.everHeld(word), book.holds(said(word))]),
  events: Array.from({ length: events }, (_, index) => book.find(`e${index}`)),
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

  it('takes time in proportion to what is entered', () => {
    let book: RecordBook<Said> = RecordBook.empty((fact) => [fact.data.word]);
    for (let index = 0; index < 20_000; index++) book = book.enter(`e${index}`, said(`word ${index}`));
    expect(book.stands('word 19999')).toBe(true);
    expect(book.holds(said('word 0'))).toBe(true);
  });
});
