import { z } from 'zod';
import { spanId, traceId } from './trace-ids.js';
import type { Span, Tracing } from './tracing.js';

/** Settings of every service; their names are OpenTelemetry's own. */
export const tracingSettings = {
  /** Where a collector takes OTLP over HTTP; without it nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** The share of traces that are kept, the same ones in every service. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

export interface TracingConfiguration {
  readonly endpoint: string;
  readonly share: number;
}

export const tracingFrom = (
  settings: z.infer<z.ZodObject<typeof tracingSettings>>,
): TracingConfiguration | undefined =>
  settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? undefined
    : { endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT, share: settings.OTEL_TRACES_SAMPLER_ARG };

/** In milliseconds. */
const SEND_EVERY = 1_000;
const SENT_WITHIN = 5_000;
/** A collector that is gone must not keep a service from ending. */
const CLOSED_WITHIN = 2_000;
/** Links of one span at the most. */
const LINKS = 64;

/**
 * @param service its name among the collector's
 * @returns undefined without a collector: nothing is loaded then, and nothing is paid
 */
export async function openTracing(
  configuration: TracingConfiguration | undefined,
  service: string,
): Promise<Tracing | undefined> {
  if (!configuration) return undefined;
  const [{ ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags }, sdk, exporter, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const ids = new GivenIds(new sdk.RandomIdGenerator());
  const url = `${configuration.endpoint.replace(/\/$/, '')}/v1/traces`;
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `cairn-${service}` }),
    sampler: new sdk.TraceIdRatioBasedSampler(configuration.share),
    idGenerator: ids,
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new exporter.OTLPTraceExporter({ url, timeoutMillis: SENT_WITHIN }),
        scheduledDelayMillis: SEND_EVERY,
        exportTimeoutMillis: SENT_WITHIN,
      }),
    ],
  });
  const tracer = provider.getTracer('cairn');
  const record = ({ name, of, as, parent, start, end, attributes, appends = [], failed = false }: Span): void => {
    const context =
      of && parent
        ? trace.setSpanContext(ROOT_CONTEXT, {
            traceId: traceId(of),
            spanId: spanId(parent.span, of.tenant, parent.of),
            traceFlags: TraceFlags.SAMPLED,
            isRemote: true,
          })
        : ROOT_CONTEXT;
    ids.next = {
      ...(of && { traceId: traceId(of) }),
      ...(of && as && { spanId: spanId(as.span, of.tenant, as.of) }),
    };
    const span = tracer.startSpan(
      name,
      {
        startTime: start,
        kind: name === 'request' ? SpanKind.SERVER : SpanKind.INTERNAL,
        ...(attributes && { attributes }),
        links: appends.slice(0, LINKS).map(({ key, commandId }) => ({
          context: {
            traceId: traceId(key),
            spanId: spanId('append', key.tenant, commandId),
            traceFlags: TraceFlags.SAMPLED,
          },
        })),
      },
      context,
    );
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(Math.max(start, end));
  };
  return {
    record,
    close: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSED_WITHIN).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

/** Ids that follow from what is recorded, where there are such; asked for by the library while it starts a span. */
class GivenIds {
  next: { readonly traceId?: string; readonly spanId?: string } = {};

  constructor(private readonly random: { generateTraceId(): string; generateSpanId(): string }) {}

  generateTraceId(): string {
    return this.next.traceId ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.next.spanId ?? this.random.generateSpanId();
  }
}
