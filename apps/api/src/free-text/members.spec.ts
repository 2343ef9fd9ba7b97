import { z } from 'zod';
import { commands } from '../application/commands.js';
import { freeTextMembers, textsOf, withTexts } from './members.js';

/** No identifier, time, name of a zone or of an enumeration has a line break, and no sentence is one of these. */
const SENTENCE = 'Met on the ward.\nWent for a walk.';

/** Paths of a shape at which a sentence may stand; those of a list are the list's own. */
function textsIn(shape: z.core.$ZodType, path: readonly string[] = []): readonly string[] {
  const def = shape._zod.def as z.core.$ZodTypes['_zod']['def'];
  switch (def.type) {
    case 'string':
      return z.safeParse(shape, SENTENCE).success ? [path.join('.')] : [];
    case 'object':
      return Object.entries(def.shape).flatMap(([name, member]) => textsIn(member, [...path, name]));
    case 'array':
      return textsIn(def.element, path);
    case 'union':
      return def.options.flatMap((option) => textsIn(option, path));
    case 'optional':
    case 'nullable':
    case 'default':
    case 'readonly':
      return textsIn(def.innerType, path);
    case 'pipe':
      return textsIn(def.in, path);
    case 'record':
    case 'unknown':
      // Anything may stand there.
      return [path.join('.')];
    case 'literal':
    case 'enum':
    case 'number':
    case 'boolean':
      return [];
    default:
      throw new Error(`nobody says whether a ${def.type} can be text`);
  }
}

/** The shape of one command of those that a schema reads. */
function shapeOf(schema: z.core.$ZodType, name: string): z.core.$ZodType {
  const found = shapesOf(schema).find((shape) => {
    const { type } = (shape._zod.def as unknown as { readonly shape: Readonly<Record<string, z.core.$ZodType>> }).shape;
    return z.safeParse(type!, name).success;
  });
  if (!found) throw new Error(`no shape for ${name}`);
  return found;
}

function shapesOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = schema._zod.def as z.core.$ZodTypes['_zod']['def'];
  return def.type === 'union' ? def.options.flatMap(shapesOf) : [schema];
}

it.each(Object.keys(commands) as (keyof typeof commands)[])(
  'of %s every text is declared, and nothing else',
  (name) => {
    const declared = Object.keys(freeTextMembers[name] ?? {});
    const texts = textsIn(shapeOf(commands[name], name));
    const isAt = (path: string, member: string): boolean => path === member || path.startsWith(`${member}.`);
    expect(texts.filter((path) => !declared.some((member) => isAt(path, member) || isAt(member, path)))).toEqual([]);
    expect(declared.filter((member) => !texts.some((path) => isAt(path, member) || isAt(member, path)))).toEqual([]);
  },
);

it('declares texts of commands that there are', () => {
  expect(Object.keys(freeTextMembers).filter((name) => !Object.hasOwn(commands, name))).toEqual([]);
});

describe('the texts of a command', () => {
  const contact = { type: 'recordWardContact', note: 'a', activities: ['b', 'c'], worker: 'not a text' };
  const all = new Set(['about participant', 'reason', 'about trial', 'register'] as const);

  it('are found by their paths', () => {
    expect(textsOf(contact).map(({ path, name, text }) => [path, name, text])).toEqual([
      ['note', 'note', 'a'],
      ['activities', 'activities', 'b'],
      ['activities', 'activities', 'c'],
    ]);
    const amendment = { type: 'amendRecord', reason: 'r', changes: { note: 'n', mode: 'video' } };
    expect(textsOf(amendment).map(({ path, name, text }) => [path, name, text])).toEqual([
      ['reason', 'reason', 'r'],
      ['changes.note', 'note', 'n'],
    ]);
  });

  it('are replaced where they are, and nothing else is', () => {
    const replaced = withTexts(contact, all, (name, text) => `${name}:${text}`);
    expect(replaced).toEqual({ ...contact, note: 'note:a', activities: ['activities:b', 'activities:c'] });
    const discharge = { type: 'recordDischarge', trial: 't' };
    expect(withTexts(discharge, all, () => 'x')).toBe(discharge);
  });
});
