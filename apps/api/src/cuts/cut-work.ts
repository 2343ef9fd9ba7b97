import { type Audience, tableText } from '@cairn/audit';
import { type Instant, sha256Hex } from '@cairn/event-sourcing';
import {
  type BackTest,
  backTest,
  type BackTestSpan,
  type CutMoment,
  protocolAt,
  type TrialChange,
  trialDiff,
  trialFacts,
  trialTables,
} from '@cairn/monitoring';
import type { SignalRule } from '@cairn/signals/rule';
import type { TrialFold } from './trial-fold.js';

/** What is made of a trial's events. All of it is a pure function of them, and takes seconds where there are many. */
export type CutTask =
  | {
      readonly kind: 'tables';
      /** Exclusive. */
      readonly occurredBefore: Instant;
    }
  | { readonly kind: 'digests'; readonly occurredBefore: Instant }
  | { readonly kind: 'diff'; readonly from: CutMoment; readonly to: CutMoment }
  | {
      readonly kind: 'backTest';
      readonly draft: SignalRule;
      readonly inForce: SignalRule | undefined;
      readonly span: BackTestSpan;
    };

/** A table as it is kept. */
export interface MadeTable {
  readonly table: string;
  readonly audience: Audience;
  readonly text: string;
}

export interface CutResults {
  readonly tables: {
    /** Version of the protocol that was in force. */
    readonly protocol: number;
    /** Whether nothing had happened before the time. */
    readonly isEmpty: boolean;
    readonly tables: readonly MadeTable[];
  };
  /** SHA-256 of each table's text, by its name. */
  readonly digests: ReadonlyMap<string, string>;
  readonly diff: readonly TrialChange[];
  readonly backTest: BackTest;
}

/** @returns undefined for a trial that is not registered */
export function cutWork(task: CutTask, fold: TrialFold): CutResults[CutTask['kind']] | undefined {
  const { register, registers, events, firstOccurredAt } = fold;
  if (register.kind === 'unregistered') return undefined;
  switch (task.kind) {
    case 'tables': {
      const { occurredBefore } = task;
      return {
        protocol: protocolAt(register, occurredBefore - 1).version,
        isEmpty: firstOccurredAt >= occurredBefore,
        tables: trialTables({ register, events, occurredBefore }).map((content) => ({
          table: content.table,
          audience: content.audience,
          text: tableText(content),
        })),
      } satisfies CutResults['tables'];
    }
    case 'digests': {
      const tables = trialTables({ register, events, occurredBefore: task.occurredBefore });
      return new Map(tables.map((content) => [content.table, sha256Hex(tableText(content))]));
    }
    case 'diff':
      return trialDiff({ events, registers, from: task.from, to: task.to });
    case 'backTest': {
      const facts = trialFacts({ register, recruitmentTo: register.recruitmentTo, events });
      return backTest(task.draft, task.inForce, facts, task.span);
    }
    default:
      return task satisfies never;
  }
}
