import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Database, EventHistory, PostgresEventStore, ReadModels } from '@cairn/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs';
import { GraphQLModule } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { Conduct } from './access/conduct.js';
import { OpenArms } from './access/open-arms.js';
import { accessResolvers } from './access/resolvers.js';
import { Tenants } from './access/tenants.js';
import { Unblindings } from './access/unblindings.js';
import { Viewers } from './access/viewers.js';
import { Application } from './application/application.js';
import { RecordCommandsHandler } from './application/record-commands.js';
import { CONFIGURATION, type Configuration } from './configuration.js';
import type { Connections } from './connections.js';
import { contextOf } from './graphql/context.js';
import { sealedFields } from './graphql/disclosures.js';
import { enums } from './graphql/enums.js';
import { errorStatus, noSubscriptions, presentError, type UnexpectedError } from './graphql/errors.js';
import { guarded } from './graphql/guard.js';
import { limitRules, MAX_TOKENS } from './graphql/limits.js';
import { scalars } from './graphql/scalars.js';
import { ReadHistoryHandler } from './history/read-history.js';
import { historyResolvers } from './history/resolvers.js';
import { identityOf } from './identity/request-identity.js';
import { ImportController, STOPPING } from './import/import.controller.js';
import { Quotas } from './limits/quotas.js';
import { noteOutcome } from './log/access-log.js';
import { noted } from './log/request-note.js';
import { monitoringResolvers } from './monitoring/resolvers.js';
import { StoredTrialDocuments } from './monitoring/trial-documents.js';
import { TrialStates } from './monitoring/trial-states.js';
import { Metrics } from './operations/metrics.js';
import { OperationsController } from './operations/operations.controller.js';
import { operationsResolvers } from './operations/resolvers.js';
import { recordingResolvers } from './recording/resolvers.js';
import { FindTrialHandler, ListTrialsHandler } from './registry/find-trials.js';
import { registryResolvers } from './registry/resolvers.js';

/** What the service is made of. */
export interface ApiParts {
  readonly configuration: Configuration;
  readonly connections: Connections;
  readonly stopping: AbortSignal;
  readonly log: Logger;
  readonly unexpected: UnexpectedError;
}

/** Where the `.graphql` files are, seen from `src` and from `dist` alike. */
const SCHEMA_FILES = path.resolve(import.meta.dirname, '../src/**/*.graphql');

/** Pushes to subscriptions take turns with what the tenant's people ask, as if they were one more person: nobody's id is empty. */
const PUSHES = '';

@Module({})
export class ApiModule {
  static of({ configuration, connections, stopping, log, unexpected }: ApiParts): DynamicModule {
    const { store, readModels, database } = connections;
    const history = new EventHistory(database);
    const viewers = new Viewers(store);
    const tenants = new Tenants(store);
    const quotas = new Quotas(configuration.tenantLimits, (tenant) => tenants.limits(tenant));
    const documents = new StoredTrialDocuments(readModels);
    const states = new TrialStates(documents, configuration.cachedDocuments, Date.now, (tenant) =>
      quotas.turn({ tenant, person: PUSHES }),
    );
    readModels.onProjected((notice) => states.projected(notice));
    const conduct = new Conduct(store, viewers);
    const unblindings = new Unblindings(history);
    const openArms = new OpenArms(unblindings);
    const metrics = new Metrics(() => states.watched);

    return {
      module: ApiModule,
      imports: [
        LoggerModule.forRoot({ pinoHttp: { logger: log, autoLogging: false, quietReqLogger: true } }),
        CqrsModule.forRoot(),
        TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }),
        GraphQLModule.forRootAsync<ApolloDriverConfig>({
          driver: ApolloDriver,
          inject: [CommandBus, QueryBus],
          useFactory: (commands: CommandBus, queries: QueryBus): ApolloDriverConfig => ({
            path: '/graphql',
            typePaths: [SCHEMA_FILES],
            resolvers: [
              { ...scalars, ...enums },
              registryResolvers(queries, tenants),
              monitoringResolvers(states, viewers, openArms),
              historyResolvers(queries, store, viewers, openArms),
              accessResolvers(viewers, tenants, unblindings),
              recordingResolvers(commands, metrics),
              operationsResolvers(readModels),
            ],
            transformSchema: guarded,
            context: async ({ req }: { req: IncomingMessage }) =>
              noted(req, await contextOf(identityOf(req), viewers, conduct, quotas)),
            formatError: (_formatted, error) => presentError(error, unexpected),
            introspection: configuration.introspection,
            hideSchemaDetailsFromClientErrors: !configuration.introspection,
            includeStacktraceInErrorResponses: false,
            parseOptions: { maxTokens: MAX_TOKENS },
            validationRules: [...limitRules],
            plugins: [
              noSubscriptions,
              errorStatus,
              sealedFields,
              metrics.plugin,
              noteOutcome,
              // It looks at every field of every answer, and none of ours is ever kept (`api.ts`).
              ApolloServerPluginCacheControlDisabled(),
              // A variable of the environment would switch it on, and operations would leave the house.
              ApolloServerPluginUsageReportingDisabled(),
            ],
            persistedQueries: false,
            allowBatchedHttpRequests: false,
            csrfPrevention: true,
            graphiql: false,
            autoTransformHttpErrors: false,
            preserveHttpStatusForExecutionErrors: false,
          }),
        }),
      ],
      controllers: [OperationsController, ImportController],
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: STOPPING, useValue: stopping },
        { provide: PostgresEventStore, useValue: store },
        { provide: ReadModels, useValue: readModels },
        { provide: Database, useValue: database },
        { provide: EventHistory, useValue: history },
        { provide: TrialStates, useValue: states },
        { provide: Viewers, useValue: viewers },
        { provide: Tenants, useValue: tenants },
        { provide: Conduct, useValue: conduct },
        { provide: Metrics, useValue: metrics },
        { provide: Quotas, useValue: quotas },
        { provide: Application, useValue: new Application(store, Date.now, { viewers, tenants }) },
        RecordCommandsHandler,
        FindTrialHandler,
        ListTrialsHandler,
        ReadHistoryHandler,
      ],
    };
  }
}
