-- Whoever sends alerts, or resumes a stream of them, reads the few events about signals and subscriptions that come after a
-- position, from whatever lies between them. An index of those alone costs the append of every other event one look at its
-- type. A type that is added to it is a migration, and is then read by `EventsOfTypes` too.
set local role cairn_owner;

create index event_of_signals on cairn.event (tenant, position) where type in (
  'SignalRaised',
  'SignalCleared',
  'SignalReturned',
  'SignalAcknowledged',
  'SignalAssigned',
  'SignalSnoozed',
  'SignalWoken',
  'SignalEscalated',
  'SignalResolved',
  'SignalOutcomeRecorded',
  'SignalRulePublished',
  'AlertSubscriptionOpened',
  'AlertSubscriptionChanged',
  'AlertSubscriptionPaused',
  'AlertSubscriptionResumed',
  'AlertSubscriptionClosed',
  'AlertSubscriptionDisabled',
  'AlertReplayRequested',
  'AlertSecretRotated'
);

reset role;
