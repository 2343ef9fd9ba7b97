import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenantId } from '@cairn/event-sourcing';
import { type KnownSpan, type TraceKey, traceId } from './trace-ids.js';

/** One step of work that is over. Nothing of it says who, where, which arm or what was typed. */
export interface Span {
  readonly name: string;
  /** Where it belongs; a trace of its own where nothing is given. */
  readonly of?: TraceKey | undefined;
  /** Which one it is, where others find it by that. */
  readonly as?: { readonly span: KnownSpan; readonly of: string } | undefined;
  readonly parent?: { readonly span: KnownSpan; readonly of: string } | undefined;
  /** Milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly end: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Appends that it served together. */
  readonly appends?: readonly { readonly key: TraceKey; readonly commandId: string }[];
  readonly failed?: boolean;
}

/** What is known of a request while it is answered: the first trace that something was appended to. */
export interface TraceScope {
  key?: TraceKey;
}

/** Hands spans to a collector, without anybody waiting for it. */
export interface Tracing {
  record(span: Span): void;
  /** Ends within two seconds, whether or not the collector answers. */
  close(): Promise<void>;
}

const scopes = new AsyncLocalStorage<TraceScope>();

/** Runs work whose appends make known which trace it belongs to. */
export const inScope = <Result>(scope: TraceScope, work: () => Result): Result => scopes.run(scope, work);

/** To be called by whoever appends. */
export function noteTrace(tenant: TenantId, correlation: string): void {
  const scope = scopes.getStore();
  if (scope) scope.key ??= { tenant, correlation };
}

/** What is known of the work that this is called in, where somebody wants to know. */
export const currentScope = (): TraceScope | undefined => scopes.getStore();

/** For lines of a log that are written while something is traced. */
export function traceOfScope(): { readonly trace_id: string } | Record<string, never> {
  const key = scopes.getStore()?.key;
  return key ? { trace_id: traceId(key) } : {};
}

/** Milliseconds since 1970 with fractions, which do not go backwards when somebody sets the clock. */
export const instantNow = (): number => performance.timeOrigin + performance.now();
