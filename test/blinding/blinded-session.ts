import { uuidV5 } from '@cairn/event-sourcing';
import {
  buildSchema,
  getNamedType,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import fs from 'node:fs';
import path from 'node:path';
import { WebSocket } from 'ws';
import { cairnAs } from '../support/cairn-command.js';
import { repository } from '../support/launched-cairn.js';
import { everyQuestion, literal, type Pool, valuesOf } from './every-question.js';

const schema = buildSchema(fs.readFileSync(path.join(repository, 'apps/api/schema.graphql'), 'utf8'));

/** The API takes so many aliases in one request. */
const AT_ONCE = 12;

/** Somebody's way in: what they ask is kept as it was answered, byte by byte. */
export class BlindedSession {
  private readonly kept: string[] = [];

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Everything that was answered since this was asked last. */
  take(): readonly string[] {
    return this.kept.splice(0).map((answer) => answer.replaceAll(this.url.slice('http://'.length), 'HOST'));
  }

  /**
   * Each question alone: many of them in a request where what is refused leaves the others alone, which is so below a field
   * that can be null.
   */
  async ask(questions: readonly string[]): Promise<void> {
    const apart = questions.filter((question) => question.startsWith('trial('));
    for (let from = 0; from < apart.length; from += AT_ONCE) {
      const asked = apart.slice(from, from + AT_ONCE).map((question, n) => `q${n}: ${question}`);
      await this.graphql(`{ ${asked.join(' ')} }`);
    }
    for (const question of questions) if (!question.startsWith('trial(')) await this.graphql(`{ ${question} }`);
  }

  /** A list page by page, by its own cursors, forwards and then backwards. */
  async walk(open: (page: string) => string, close = ''): Promise<void> {
    for (const [count, cursor, end] of [
      ['first', 'after', 'endCursor'],
      ['last', 'before', 'startCursor'],
    ] as const) {
      let from = '';
      for (let page = 0; page < 20; page++) {
        const text = await this.graphql(
          `{ ${open(`${count}: 2${from}`)} { totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } ${close} }`,
        );
        const next = new RegExp(`"${end}":"([^"]*)"`).exec(text)?.[1];
        if (next === undefined) break;
        from = `, ${cursor}: ${JSON.stringify(next)}`;
      }
    }
  }

  async graphql(query: string): Promise<string> {
    return this.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
  }

  /** @returns the body */
  async fetch(to: string, init: RequestInit = {}): Promise<string> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.token}`);
    const response = await fetch(this.url + to, { ...init, headers, redirect: 'manual' });
    const body = await response.text();
    // When it was answered is no part of the answer.
    const told = [...response.headers].filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`);
    this.kept.push(
      [`${init.method ?? 'GET'} ${to}`, String(init.body ?? ''), response.status, ...told, '', body].join('\n'),
    );
    return body;
  }

  /** A stream of server-sent events up to the one that has a text, or the answer that there is none. */
  async follow(to: string, until: string): Promise<void> {
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await fetch(this.url + to, { headers, redirect: 'manual', signal: gone.signal });
    const told = [...response.headers].filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`);
    let body = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      body += chunk;
      if (body.endsWith('\n\n') && body.includes(until)) break;
    }
    gone.abort();
    this.kept.push([`GET ${to}`, response.status, ...told, '', body].join('\n'));
  }

  /**
   * What comes over a socket until the operation ends, or brings something, or something with a text; and with what the socket
   * is closed.
   */
  async subscribe(query: string, { token = this.token, until = '' } = {}): Promise<void> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const frames: string[] = [];
    const closed = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code, reason) => {
        frames.push(`${code} ${reason.toString()}`);
        resolve();
      });
    });
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
    );
    socket.on('message', (data: Buffer) => {
      frames.push(data.toString());
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'connection_ack') socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      else if (type !== 'ping' && (type !== 'next' || data.includes(until))) socket.close(1000);
    });
    await closed;
    this.kept.push([query, ...frames].join('\n'));
  }

  async report(...args: readonly string[]): Promise<void> {
    const { exitCode, out, err } = await cairnAs({ url: this.url, token: this.token })('report', ...args);
    this.kept.push([args.join(' '), exitCode, out, err].join('\n'));
  }
}

/** Everything that can be asked for without changing anything. */
export const questions = (pool: Pool): readonly string[] => everyQuestion(schema.getQueryType()!, pool);

/** But for alerts, which may never come: see `followAlerts`. */
export const subscriptions = (pool: Pool): readonly string[] =>
  everyQuestion(schema.getSubscriptionType()!, pool)
    .filter((question) => !question.startsWith('alerts('))
    .map((question) => `subscription { ${question} }`);

const ANSWER = `{ __typename ... on CommandAccepted { position events {
  id position stream revision type schemaVersion occurredAt recordedAt actor { id name } commandId reason data } }
  ... on CommandRefused { code message field } }`;

/**
 * Every command of the schema: with the first value of the pool for each field of its input, then each field in turn with
 * its other values. Each has an id of its own, which follows from what it says and from who gives it.
 */
export function commands(person: string, pool: Pool, ids: readonly string[]): readonly string[] {
  return Object.values((schema.getMutationType() as GraphQLObjectType).getFields()).flatMap((field) => {
    const argument = field.args.find(({ name }) => name === 'input');
    const answer = field.name === 'rebuildReadModel' ? '{ name }' : ANSWER;
    if (!argument) return [`mutation { ${field.name}(name: "participants") ${answer} }`];
    const fields = Object.values((getNamedType(argument.type) as GraphQLInputObjectType).getFields());
    const pick = (name: string, nth: number): unknown => {
      const input = fields.find((each) => each.name === name)!;
      const values = valuesOf(input, pool);
      const value = values[nth % values.length];
      const list = isListType(isNonNullType(input.type) ? input.type.ofType : input.type);
      return list && !Array.isArray(value) ? [value] : value;
    };
    const others = fields.filter(({ name }) => name !== 'commandId');
    const inputs = [
      Object.fromEntries(others.map(({ name }) => [name, pick(name, 0)])),
      ...others.flatMap(({ name }) =>
        valuesOf(
          others.find((each) => each.name === name)!,
          pool,
        )
          .slice(1)
          .map((_, n) => ({
            ...Object.fromEntries(others.map((each) => [each.name, pick(each.name, 0)])),
            [name]: pick(name, n + 1),
          })),
      ),
    ];
    const give = (commandId: string, input: object): string =>
      `mutation { ${field.name}(input: ${literal({ commandId, ...input })}) ${answer} }`;
    const own = (input: object): string => uuidV5(JSON.stringify([person, field.name, input]));
    return [
      ...inputs.map((input) => give(own(input), input)),
      // Again, and once more with another body.
      give(own(inputs[0]!), inputs[0]!),
      give(own(inputs[0]!), inputs.at(-1)!),
      // Ids that somebody else has used, or might have.
      ...ids.map((id) => give(id, inputs[0]!)),
    ];
  });
}
