// Makes the TypeScript types of the schema into src/generated/schema.ts, which is not committed.
import fs from 'node:fs';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import * as typescriptResolvers from '@graphql-codegen/typescript-resolvers';
import { parse, printSchema } from 'graphql';
import { readSchema } from './schema.js';

const target = path.resolve(import.meta.dirname, '../src/generated/schema.ts');

const text = await codegen({
  filename: target,
  documents: [],
  schema: parse(printSchema(readSchema())),
  plugins: [{ typescript: {} }, { resolvers: {} }],
  pluginMap: { typescript, resolvers: typescriptResolvers },
  config: {
    useTypeImports: true,
    // Inside, a value goes by the words of its context; graphql/enums.ts says which is which.
    enumValues: {
      EmployerKind: '@cairn/registry#EmployerKind',
      Locality: '@cairn/registry#Locality',
      WorkerRole: '@cairn/registry#WorkerRole',
      ContactMode: '@cairn/delivery/events#ContactMode',
      ContactOutcome: '@cairn/delivery/events#ContactOutcome',
      SupervisionKind: '@cairn/delivery/events#SupervisionKind',
      WithdrawalScope: '@cairn/delivery/events#WithdrawalScope',
      EngagementStatus: '@cairn/monitoring#EngagementStatus',
      SiteClass: '@cairn/monitoring#SiteClass',
      Suppression: '@cairn/monitoring#Suppression',
      ReadModelState: '../graphql/enums.js#ReadModelState',
      CutCauseKind: '../cuts/diff-sight.js#CauseKind',
      TableAudience: '../cuts/cut-sight.js#OpenAudience',
      DataQueryState: '../graphql/enums.js#DataQueryState',
      DataQueryEntryKind: '../graphql/enums.js#DataQueryEntryKind',
      SignatureMeaning: '@cairn/audit#Meaning',
      Advice: '@cairn/audit#Advice',
      SponsorResponse: '@cairn/audit#SponsorResponse',
      SignatureState: '../graphql/enums.js#SignatureState',
      UnblindingState: '../graphql/enums.js#UnblindingState',
      Severity: '@cairn/signals#Severity',
      SignalSubjectKind: '../graphql/enums.js#SignalSubjectKind',
      AlertKind: '@cairn/signals#AlertKind',
      SignalState: '../graphql/enums.js#SignalState',
      SignalOutcome: '@cairn/signals#SignalOutcome',
      SignalClearance: '../graphql/enums.js#SignalClearance',
      BackTestPart: '../graphql/enums.js#BackTestPart',
      ErasureState: '../graphql/enums.js#ErasureState',
    },
    immutableTypes: true,
    skipTypename: true,
    inputMaybeValue: 'T | null | undefined',
    contextType: '../graphql/context.js#RequestContext',
    mappers: {
      Trial: '../registry/trial-view.js#TrialView',
      TrialEngagement: '../monitoring/trial-state.js#EngagementAnswer',
      Participant: '../monitoring/participant-sight.js#ParticipantSight',
      Tenant: '../registry/tenant-view.js#TenantView',
      DataCut: '../cuts/cut-sight.js#CutSight',
      CutDiff: '../cuts/diff-sight.js#DiffSight',
      CutChange: '../cuts/diff-sight.js#ChangeSight',
      CutCause: '../cuts/diff-sight.js#CauseSight',
      CutTable: '../cuts/cut-reader.js#KeptTable',
      Unblinding: '../access/resolvers.js#PresentedUnblinding',
      DataQuery: '../queries/trial-queries.js#QueryAt',
      DataQueryEntry: '../queries/trial-queries.js#QueryEntry',
      Signature: '../signatures/trial-signatures.js#GivenSignature',
      Report: '../reports/report.js#OpenReport',
      ClosedReport: '../reports/report.js#ClosedReport as ClosedReportContent',
      SignatureManifest: '../recommendations/trial-recommendations.js#SignedAs',
      Checkpoint: '../proofs/resolvers.js#CheckpointSight',
      InclusionProof: '../proofs/resolvers.js#InclusionSight',
      Viewer: '@cairn/access#Viewer as AccessViewer',
      Alert: '@cairn/signals#Alert as SentAlert',
      Signal: '../signals/signal-sight.js#SignalSight',
      SignalWhy: '../signals/signal-sight.js#SignalSight',
      SignalEntry: '../signals/resolvers.js#EntrySight',
      RuleInForce: '../signals/resolvers.js#RuleSight',
      RulePrecision: '@cairn/monitoring#RulePrecision as PrecisionOfRule',
      BackTest: '../signals/resolvers.js#BackTestSight',
      BackTestSignal: '@cairn/monitoring#BackTestSignal as RaisedInPast',
      RecordedEvent: '../history/read-history.js#ShownEvent',
      RecordedEventConnection: '../history/read-history.js#HistoryPage',
    },
    scalars: {
      ID: { input: 'string', output: 'string' },
      DateTime: { input: 'string', output: 'number' },
      Date: { input: 'string', output: 'string' },
      Position: { input: 'string', output: 'bigint' },
      TableValue: { input: 'never', output: 'string | number | boolean' },
      JSONObject: { input: 'Record<string, unknown>', output: 'Record<string, unknown>' },
    },
  },
});
fs.mkdirSync(path.dirname(target), { recursive: true });
fs.writeFileSync(target, text);
