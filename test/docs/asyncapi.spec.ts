import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Fact, parseInstant } from '@cairn/event-sourcing';
import {
  type Alert,
  AlertKind,
  alertOf,
  DIGEST_MAX,
  digestsOf,
  Severity,
  type SignalEvent,
  signalEventTypes,
  SignalSubject,
} from '@cairn/signals';
import { Ajv, type ValidateFunction } from 'ajv';
import { CloudEvent } from 'cloudevents';
import { messageOf } from '../../apps/alerter/src/kafka/alert-message.js';
import { pageText, repository } from './page.js';

interface Schema {
  readonly enum?: readonly string[];
  readonly maxItems?: number;
  readonly properties: Readonly<Record<string, Schema>>;
}
interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, object>> }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Read {
  readonly document: Document;
  readonly diagnostics: readonly { readonly severity: number; readonly message: string }[];
}

const reader = path.join(repository, 'test/tooling/read-asyncapi.mjs');
const { document, diagnostics } = JSON.parse(
  execFileSync(process.execPath, [reader], { input: pageText('docs/asyncapi.yaml'), encoding: 'utf8' }),
) as Read;

/** Errors and warnings; what merely could be nicer is not counted. */
const WARNING = 1;

test('is an AsyncAPI 3 document', () => {
  expect(diagnostics.filter(({ severity }) => severity <= WARNING)).toEqual([]);
  expect(Object.keys(document.channels)).toEqual(['serverSentEvents', 'graphqlSubscription', 'webhook', 'kafka']);
});

const formats = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': { type: 'string', validate: (text: string) => parseInstant(text) !== undefined },
  'uri-reference': { type: 'string', validate: (text: string) => URL.canParse(text, 'https://service.example') },
} as const;

/** By a schema of the document, with no property that it does not name. */
function validator(name: string): ValidateFunction {
  const ajv = new Ajv({ strict: false, formats });
  return ajv.compile({ $ref: `#/components/schemas/${name}`, components: document.components });
}

test('knows the words of the code, and no others', () => {
  const {
    AlertKind: kinds,
    Severity: severities,
    AlertType,
    SignalSubject: subject,
    Digest,
  } = document.components.schemas;
  expect(kinds!.enum).toEqual(AlertKind.options);
  expect(severities!.enum).toEqual(Severity.options);
  expect(AlertType!.enum).toEqual(AlertKind.options.map((kind) => `org.cairn.signal.${kind}.v1`));
  expect(subject!.properties['kind']!.enum).toEqual(SignalSubject.shape.kind.options);
  expect(Digest!.properties['data']!.properties['alerts']!.maxItems).toBe(DIGEST_MAX);
});

/** Every event of a signal as it is stored, see `test/golden`. */
const alerts = signalEventTypes.map(({ type, schema }): readonly [string, Alert] => {
  const file = path.join(repository, 'test/golden/events', `${type}.v1.json`);
  const stored = JSON.parse(fs.readFileSync(file, 'utf8')) as { data?: unknown };
  const event = {
    ...{ type, id: '8e2b0c51-5d5f-5c57-8b1c-0a3c5d2b6f01', tenant: 'tenant with spaces/and more' },
    ...{ occurredAt: 1_500_000_000_000, position: 1n },
    data: schema.parse(stored.data ?? stored),
  };
  return [type, alertOf(event as unknown as Fact<SignalEvent>).alert];
});

test.each(alerts)('describes the alert of %s in every stream', (_, alert) => {
  const [isAlert, isData] = [validator('Alert'), validator('AlertData')];
  expect([isAlert(alert), isAlert.errors]).toEqual([true, null]);
  expect(new CloudEvent(alert as object).validate()).toBe(true);

  const { key, value, headers } = messageOf(alert);
  expect([isData(JSON.parse(value)), isData.errors]).toEqual([true, null]);
  expect(key).toBe(alert.partitionkey);
  const { headers: described } = document.channels['kafka']!.messages['alert'] as { headers: object };
  const areHeaders = new Ajv({ strict: false, formats }).compile({ ...described, additionalProperties: false });
  const { ce_datacontenttype: _none, ...sent } = headers as Record<string, string>;
  expect([areHeaders(sent), areHeaders.errors]).toEqual([true, null]);
});

test('describes a digest', () => {
  const isDigest = validator('Digest');
  const all = alerts.map(([, alert]) => alert);
  const digests = digestsOf({ trial: 'T', subscription: 'S' }, 1_500_000_000_000, all);
  for (const digest of digests) {
    expect([isDigest(digest), isDigest.errors]).toEqual([true, null]);
    expect(new CloudEvent(digest as object).validate()).toBe(true);
  }
});

test('describes nothing else', () => {
  const [, alert] = alerts[0]!;
  const isAlert = validator('Alert');
  for (const wrong of [
    { ...alert, arm: 'support' },
    { ...alert, data: { ...alert.data, note: 'text' } },
    { ...alert, data: { ...alert.data, severity: 'urgent' } },
    { ...alert, id: 'none' },
    { ...alert, time: 'yesterday' },
  ]) {
    expect(isAlert(wrong)).toBe(false);
  }
});
