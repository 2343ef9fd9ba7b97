import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Database,
  EventHistory,
  EventsOfTypes,
  KnownPositions,
  LOG_STORE,
  ProofStore,
  ReadModels,
} from '@cairn/platform';
import { DeliveryLog } from '@cairn/platform/deliveries';
import { isTopicOf, KafkaRelayStore } from '@cairn/platform/kafka';
import { EgressGuard, WebhookSender } from '@cairn/platform/webhooks';
import { type DynamicModule, Module } from '@nestjs/common';
import { CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs';
import { GraphQLModule } from '@nestjs/graphql';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { Conduct } from './access/conduct.js';
import { PastPeople } from './access/past-people.js';
import { OpenArms } from './access/open-arms.js';
import { accessResolvers } from './access/resolvers.js';
import { alertSubscriptionResolvers } from './alert-subscriptions/resolvers.js';
import type { AlertOutlets } from './alert-subscriptions/subscription-surroundings.js';
import { TrialSubscriptions } from './alert-subscriptions/trial-subscriptions.js';
import { Webhooks } from './alert-subscriptions/webhooks.js';
import { Tenants } from './access/tenants.js';
import { Unblindings } from './access/unblindings.js';
import { Viewers } from './access/viewers.js';
import { AlertFeed } from './alerts/alert-feed.js';
import { AlertSight } from './alerts/alert-sight.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { DescriptionController } from './alerts/description.controller.js';
import { OpenAlerts } from './alerts/open-alerts.js';
import { OpenStreams } from './alerts/open-streams.js';
import { alertResolvers } from './alerts/resolvers.js';
import { StoredAlerts } from './alerts/stored-alerts.js';
import { BackTests } from './signals/back-tests.js';
import { signalResolvers } from './signals/resolvers.js';
import { TrialSignals } from './signals/trial-signals.js';
import { Application } from './application/application.js';
import { RecordCommandsHandler } from './application/record-commands.js';
import { CONFIGURATION, type Configuration } from './configuration.js';
import type { Connections } from './connections.js';
import { CutDiffs } from './cuts/cut-diffs.js';
import { CutMaker } from './cuts/cut-maker.js';
import { CutReader } from './cuts/cut-reader.js';
import { cutResolvers } from './cuts/resolvers.js';
import { TrialLog } from './cuts/trial-log.js';
import { Workshop } from './cuts/workshop.js';
import { ExportController } from './export/export.controller.js';
import { RestoreController } from './export/restore.controller.js';
import { configuredKeys, SignedLog } from './export/signed-log.js';
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
import { addressOf } from './limits/client-address.js';
import { Quotas } from './limits/quotas.js';
import { noteOutcome } from './log/access-log.js';
import { noted } from './log/request-note.js';
import { monitoringResolvers } from './monitoring/resolvers.js';
import { StoredTrialDocuments } from './monitoring/trial-documents.js';
import { TrialStates } from './monitoring/trial-states.js';
import { Metrics } from './operations/metrics.js';
import { OperationsController } from './operations/operations.controller.js';
import { RequestTracing } from './operations/request-tracing.js';
import { operationsResolvers } from './operations/resolvers.js';
import { Cosigning } from './proofs/cosigning.js';
import { MerkleProofs } from './proofs/merkle-proofs.js';
import { proofResolvers } from './proofs/resolvers.js';
import { givenKeys, KeyRingVerifiers } from './proofs/verifier-keys.js';
import { recommendationResolvers } from './recommendations/resolvers.js';
import { TrialRecommendations } from './recommendations/trial-recommendations.js';
import { recordingResolvers } from './recording/resolvers.js';
import { queryResolvers } from './queries/resolvers.js';
import { TrialQueries } from './queries/trial-queries.js';
import { signatureResolvers } from './signatures/resolvers.js';
import { TrialSignatures } from './signatures/trial-signatures.js';
import type { Reauthentication } from './signatures/reauthentication.js';
import { CutReports } from './reports/cut-reports.js';
import { ReportsController } from './reports/reports.controller.js';
import { reportResolvers } from './reports/resolvers.js';
import { erasureResolvers } from './erasure/resolvers.js';
import { healErasures, HEALING } from './erasure/heal-erasures.js';
import { TrialErasures } from './erasure/trial-erasures.js';
import { Erasures } from './free-text/erasures.js';
import { FreeText } from './free-text/free-text.js';
import { openKeys } from './free-text/open-keys.js';
import { FindTrialHandler, ListTrialsHandler } from './registry/find-trials.js';
import { registryResolvers } from './registry/resolvers.js';

/** What the service is made of. */
export interface ApiParts {
  readonly configuration: Configuration;
  readonly connections: Connections;
  readonly reauthentication: Reauthentication;
  readonly stopping: AbortSignal;
  readonly log: Logger;
  readonly unexpected: UnexpectedError;
}

/** Where the `.graphql` files are, seen from `src` and from `dist` alike. */
const SCHEMA_FILES = path.resolve(import.meta.dirname, '../src/**/*.graphql');

/** Pushes to subscriptions take turns with what the tenant's people ask, as if they were one more person: nobody's id is empty. */
const PUSHES = '';
/** So do those who read what they missed; no person's id has spaces at its ends. */
const CATCHING_UP = ' ';

@Module({})
export class ApiModule {
  static of({ configuration, connections, reauthentication, stopping, log, unexpected }: ApiParts): DynamicModule {
    const { store, readModels, database, instances, registry, readiness, tracing } = connections;
    const requestTracing = new RequestTracing(tracing);
    // The database's: what this machine's clock says, makes no difference.
    const { now } = instances.clock;
    const history = new EventHistory(database);
    const positions = new KnownPositions(database);
    const viewers = new Viewers(store);
    const tenants = new Tenants(store);
    const quotas = new Quotas(
      configuration.tenantLimits,
      (tenant) => tenants.limits(tenant),
      () => instances.state().instances,
    );
    const documents = new StoredTrialDocuments(readModels);
    const states = new TrialStates(documents, configuration.cachedDocuments, now, (tenant) =>
      quotas.turn({ tenant, person: PUSHES }),
    );
    readModels.onProjected((notice) => states.projected(notice));
    const conduct = new Conduct(store, viewers);
    const unblindings = new Unblindings(history);
    const openArms = new OpenArms(unblindings, now);
    const pastPeople = new PastPeople(store, positions);
    const trialLog = new TrialLog(history);
    const workshop = new Workshop();
    const cuts = new CutReader(store, history, trialLog, workshop);
    const diffs = new CutDiffs(cuts, trialLog, workshop);
    const cutMaker = new CutMaker(
      store,
      trialLog,
      workshop,
      (tenant, person) => () => quotas.stretch({ tenant, person }),
    );
    const reports = new CutReports(cuts, history, conduct, configuration.maskingSecret, now);
    const { keys, settle } = openKeys(configuration.keys);
    const freeText = new FreeText(keys, new Erasures(store));
    const erasures = new TrialErasures(history);
    const heal = async (): Promise<void> => {
      await settle();
      await healErasures(keys, erasures, freeText);
    };
    const proofs = new MerkleProofs(new ProofStore(database));
    const cosigning = new Cosigning(proofs, store, configuration.witnesses);
    const verifierKeys =
      configuration.signingKeys === undefined || configuration.verifierKeys !== undefined
        ? givenKeys(configuration.verifierKeys ?? [])
        : new KeyRingVerifiers(configuration.signingKeys);
    const eventsOfTypes = new EventsOfTypes(database);
    const storedAlerts = new StoredAlerts(eventsOfTypes, store);
    const sender = new WebhookSender(new EgressGuard(configuration.webhookNetworks), now);
    const webhooks = new Webhooks(configuration.webhookSecret, sender, now);
    const outlets: AlertOutlets = {
      mayBeSentTo: (url) => webhooks.fault(url) === undefined,
      mayPublishTo: (tenant, topic) => isTopicOf(tenant, topic, configuration.topicPrefix),
      positions,
    };
    const alertFeed = new AlertFeed({
      source: storedAlerts,
      onAppended: (listener) => store.onAppended(listener),
      turn: (tenant, of) => quotas.turn({ tenant, person: of === 'new' ? PUSHES : CATCHING_UP }),
    });
    stopping.addEventListener('abort', () => void alertFeed.close(), { once: true });
    const openAlerts = new OpenAlerts(alertFeed, storedAlerts, states, new AlertSight(states));
    const metrics = new Metrics({
      ...{ registry, readiness },
      subscriptions: () => states.watched + alertFeed.open,
      streams: () => alertFeed.behind,
    });

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
              monitoringResolvers(states, viewers, openArms, positions, now),
              historyResolvers(queries, store, viewers, openArms, pastPeople, freeText),
              accessResolvers(viewers, tenants, unblindings, pastPeople, positions, freeText),
              recordingResolvers(commands, metrics, reauthentication, requestTracing),
              cutResolvers({ cuts, diffs }, history, queries, store, viewers),
              queryResolvers(new TrialQueries(history), viewers, freeText, now),
              alertSubscriptionResolvers(
                new TrialSubscriptions(eventsOfTypes),
                new DeliveryLog(database),
                new KafkaRelayStore(database),
                webhooks,
                eventsOfTypes,
              ),
              signalResolvers(
                { signals: new TrialSignals(readModels), backTests: new BackTests(store, trialLog, workshop) },
                store,
                viewers,
                freeText,
                now,
              ),
              signatureResolvers(new TrialSignatures(history, store), viewers),
              reportResolvers(reports),
              recommendationResolvers(new TrialRecommendations(history), viewers, now),
              erasureResolvers(erasures, viewers, positions),
              proofResolvers(proofs, cosigning, verifierKeys, store),
              alertResolvers(openAlerts, viewers),
              operationsResolvers(readModels),
            ],
            transformSchema: guarded,
            context: async ({ req }: { req: IncomingMessage }) =>
              noted(req, {
                ...(await contextOf(identityOf(req), viewers, conduct, quotas)),
                address: addressOf(req),
              }),
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
      controllers: [
        OperationsController,
        ImportController,
        ReportsController,
        ExportController,
        RestoreController,
        AlertsController,
        DescriptionController,
      ],
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: STOPPING, useValue: stopping },
        { provide: LOG_STORE, useValue: store },
        { provide: ReadModels, useValue: readModels },
        { provide: Database, useValue: database },
        { provide: EventHistory, useValue: history },
        { provide: KnownPositions, useValue: positions },
        { provide: TrialStates, useValue: states },
        { provide: Viewers, useValue: viewers },
        { provide: Tenants, useValue: tenants },
        { provide: Conduct, useValue: conduct },
        { provide: CutReports, useValue: reports },
        { provide: Metrics, useValue: metrics },
        { provide: RequestTracing, useValue: requestTracing },
        { provide: HEALING, useValue: heal },
        { provide: Quotas, useValue: quotas },
        { provide: OpenAlerts, useValue: openAlerts },
        { provide: OpenStreams, useValue: new OpenStreams() },
        { provide: SignedLog, useValue: new SignedLog(new ProofStore(database), () => configuredKeys(configuration)) },
        {
          provide: Application,
          useValue: new Application(store, now, {
            viewers,
            tenants,
            freeText,
            cuts: cutMaker,
            cosigning,
            outlets,
          }),
        },
        RecordCommandsHandler,
        FindTrialHandler,
        ListTrialsHandler,
        ReadHistoryHandler,
      ],
    };
  }
}
