import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { PostgresEventStore } from '@cairn/platform';
import { traceId } from '@cairn/platform/tracing';
import { type ClusterSettings, clusterSettings } from '../support/cluster-settings.js';
import { eventually } from '../support/launched-cairn.js';
import { appendPerson } from '../support/people.js';
import { offerSupport, setUpTrial, type SignedIn, signedIn, MASKING_SECRET } from '../support/running-api.js';
import { RunningService } from '../support/running-service.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { recordSubscription } from '../support/recorded-alerts.js';
import { WebhookRecipient } from '../support/webhook-recipient.js';

const TENANT = 'unit';

interface Span {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly spanId: string }[];
  readonly attributes?: readonly { readonly key: string }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'service'>[] }[];
  }[];
}

/** Takes spans as OTLP in JSON over HTTP. */
class Collector {
  readonly spans: Span[] = [];
  /** Everything as it came. */
  text = '';

  private constructor(private readonly server: http.Server) {}

  static async start(): Promise<Collector> {
    const server = http.createServer();
    const collector = new Collector(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/traces') collector.take(Buffer.concat(chunks).toString());
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(text: string): void {
    this.text += text;
    for (const { resource, scopeSpans } of (JSON.parse(text) as Export).resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')!.value.stringValue;
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => ({ ...span, service })));
    }
  }
}

let database: TestDatabase;
let settings: ClusterSettings;
let store: PostgresEventStore;
let services: RunningService[] = [];
let manager: SignedIn;

const start = (name: 'api' | 'projector' | 'alerter', more: Readonly<Record<string, string>>) =>
  RunningService.start({ name, environment: { ...settings.environment[name], ...more } });

beforeAll(async () => {
  database = await createTestDatabase();
  settings = await clusterSettings(database.services);
  store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  await appendPerson(store, TENANT, 'manager', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  await store.close();
  await database.drop();
  await settings.remove();
});

async function run(more: Readonly<Record<string, string>>): Promise<void> {
  const webhooks = { CAIRN_WEBHOOK_SECRET: MASKING_SECRET, CAIRN_WEBHOOK_ALLOW_PRIVATE: 'loopback' };
  services = await Promise.all([
    start('api', { ...more, ...webhooks, LOG_LEVEL: 'info' }),
    start('projector', more),
    start('alerter', { ...more, ...webhooks }),
  ]);
  await Promise.all(services.map((service) => service.ready()));
  const token = await settings.issuer.token({ tenant: TENANT, person: 'manager', expiresInSeconds: 3_600 });
  manager = signedIn(services[0]!.url, TENANT, 'manager', token);
}

async function endAll(): Promise<void> {
  const codes = await Promise.all(services.map((service) => service.end()));
  expect([codes, services.map(({ log }) => (codes.every((code) => code === 0) ? '' : log.slice(-600)))]).toEqual([
    [0, 0, 0],
    ['', '', ''],
  ]);
}

/** Somebody whom nobody saw on the ward before they left it: a signal at once. */
async function discharge(trial: string): Promise<void> {
  await setUpTrial(manager, trial);
  await offerSupport(manager, trial, 'S1', 'P1');
  await manager.give('recordDischarge', { trial, participant: 'P1', occurredAt: '2020-02-01T10:00:00Z' });
}

test('one trace goes from the request to the webhook, through every service', async () => {
  const [collector, recipient] = [await Collector.start(), await WebhookRecipient.start()];
  try {
    await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await recordSubscription(store, TENANT, {
      type: 'AlertSubscriptionOpened',
      data: {
        ...{ trial: 'T', subscription: 'hook', name: 'hook', audience: 'delivery', filter: {} },
        sink: { kind: 'webhook', url: recipient.url },
      },
    });
    await discharge('T');
    const wanted = ['request', 'command', 'append', 'projection.commit', 'watch', 'webhook.deliver'];
    let whole: readonly Span[] | undefined;
    await eventually(`a whole trace of ${wanted.join()}`, async () => {
      const traces = Object.values(Object.groupBy(collector.spans, (span) => span.traceId));
      whole = traces.find((spans) => wanted.every((name) => spans!.some((span) => span.name === name)));
      return whole !== undefined;
    });
    const of = (name: string) => whole!.filter((span) => span.name === name);
    expect(new Set(whole!.map(({ service }) => service))).toEqual(
      new Set(['cairn-api', 'cairn-projector', 'cairn-alerter']),
    );
    // Each under the one that led to it, though no process told another.
    const [request] = of('request');
    const [command] = of('command');
    const append = of('append').find(({ service }) => service === 'cairn-api')!;
    const signalAppends = of('append').filter(({ service }) => service === 'cairn-alerter');
    expect(command!.parentSpanId).toBe(request!.spanId);
    expect(append.parentSpanId).toBe(command!.spanId);
    expect(of('projection.commit').some(({ parentSpanId }) => parentSpanId === append.spanId)).toBe(true);
    expect(of('watch').every(({ parentSpanId }) => parentSpanId === append.spanId)).toBe(true);
    expect(signalAppends.length).toBeGreaterThan(0);
    expect(signalAppends.map(({ spanId }) => spanId)).toContain(of('webhook.deliver')[0]!.parentSpanId);
    // Group commit: the call to the store names those that it took along.
    const batches = collector.spans.filter(({ name }) => name === 'append.batch');
    expect(batches.some(({ links }) => links?.some(({ spanId }) => spanId === append.spanId))).toBe(true);
    // Names are few, and nothing is said of anybody.
    expect(new Set(collector.spans.map(({ name }) => name))).toEqual(new Set([...wanted, 'append.batch']));
    expect(collector.text).not.toMatch(/P1|S1|support|usual|manager|Discharge|unit|SELECT|postgres/);
    // Nothing of it is stored: the id follows from the event.
    const events = await store.readLog(TENANT, { limit: 1_000 });
    const discharged = events.filter(({ type }) => type.includes('Discharge'));
    const ids = events.map(({ correlationId }) => traceId({ tenant: TENANT, correlation: correlationId }));
    expect(discharged).toHaveLength(1);
    expect(ids).toContain(whole![0]!.traceId);
    expect(events.every(({ metadata }) => Object.keys(metadata).every((key) => !key.includes('trace')))).toBe(true);
    // Whoever reads the log finds the trace.
    await eventually('the log names it', () => services[0]!.log.includes(`"trace_id":"${whole![0]!.traceId}"`));
  } finally {
    await endAll();
    await Promise.all([collector.stop(), recipient.stop()]);
  }
});

test('a collector that takes connections and never answers delays nothing', async () => {
  const silent = net.createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  try {
    await run({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    await discharge('silent');
    // With 0 in ten seconds at the most: a service that waits for more ends itself otherwise.
    await endAll();
  } finally {
    silent.close();
  }
}, 120_000);
