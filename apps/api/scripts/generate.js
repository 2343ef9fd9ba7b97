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
      UnblindingState: '../graphql/enums.js#UnblindingState',
    },
    immutableTypes: true,
    skipTypename: true,
    inputMaybeValue: 'T | null | undefined',
    contextType: '../graphql/context.js#RequestContext',
    mappers: {
      Trial: '../registry/trial-view.js#TrialView',
      Participant: '../monitoring/participant-sight.js#ParticipantSight',
      Tenant: '../registry/tenant-view.js#TenantView',
      Viewer: '@cairn/access#Viewer as AccessViewer',
      RecordedEvent: '../history/read-history.js#ShownEvent',
      RecordedEventConnection: '../history/read-history.js#HistoryPage',
    },
    scalars: {
      ID: { input: 'string', output: 'string' },
      DateTime: { input: 'string', output: 'number' },
      Date: { input: 'string', output: 'string' },
      Position: { input: 'string', output: 'bigint' },
      JSONObject: { input: 'Record<string, unknown>', output: 'Record<string, unknown>' },
    },
  },
});
fs.mkdirSync(path.dirname(target), { recursive: true });
fs.writeFileSync(target, text);
