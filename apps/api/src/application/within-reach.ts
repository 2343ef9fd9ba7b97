import { type Asked, permit, type Reach, type Viewer, type Whereabouts } from '@cairn/access';
import { auditRefusals } from '@cairn/audit';
import { type DeliveryRoster, deliveryRefusals } from '@cairn/delivery';
import { type Decider, type Decision, type DomainEvent, type Refusal, refuse } from '@cairn/event-sourcing';
import { registryRefusals } from '@cairn/registry';
import { signalsRefusals } from '@cairn/signals';

/** The part of a trial that a command of somebody with a limited reach may be about. */
export interface Within {
  readonly sites: ReadonlySet<string>;
  /** Workers whose participants are in reach, wherever they were referred. */
  readonly caseload: ReadonlySet<string>;
  /** Workers of the sites, and those of the caseload. */
  readonly hasWorker: (worker: string) => boolean;
  readonly siteOf: (worker: string) => string | undefined;
}

/** How a kind of stream looks to somebody who may see a part of its trial only. */
export interface Withholding<State> {
  /** The state as it would be if what is out of reach had never been recorded; the same object when nothing is. */
  readonly seen: (state: State, within: Within) => State;
  /** Where that lies which the stream is about, as far as it is in reach. */
  readonly whereabouts: (state: State, within: Within) => Whereabouts;
  /** What is said when a command is only in the way of something out of reach: an id is taken, by whatever it is. */
  readonly taken?: Refusal;
}

/** Code of every command that is not for the roles of whoever gives it. */
export const FORBIDDEN = 'FORBIDDEN';
export const notForTheRole = refuse(FORBIDDEN, 'This is not for your roles.');

interface RosterWorld {
  readonly roster?: DeliveryRoster;
}

/**
 * The same rules, asked on behalf of somebody with a limited reach, within the decider's turn and on its own state. The
 * command is first judged in a world in which nothing out of reach exists, so that what is there and what is not are refused
 * with the same bytes, by the first rule of the same order. Only what that world would take is judged by all that is known.
 */
export function withinReach<Command, E extends DomainEvent, State, World>(
  decider: Decider<Command, E, State, World>,
  { seen, whereabouts, taken }: Withholding<State>,
  viewer: Viewer,
  siteOf: (worker: string) => string | undefined,
): Decider<Command, E, State, World> {
  return {
    ...decider,
    decide(command, state, world) {
      const asked = command as unknown as Asked;
      const reach = viewer.mayGive(asked.type, asked.trial ?? '');
      if (reach.kind === 'whole') return decider.decide(command, state, world);
      if (reach.kind === 'sealed') return notForTheRole;
      const within = reachOf(reach, siteOf);
      const shown = seen(state, within);
      const decision = decider.decide(command, shown, narrowed(world as RosterWorld, within) as World);
      if (decision.kind === 'refused') return decision;
      const permission = permit(viewer, asked, aboutOf(asked, whereabouts(shown, within), within));
      if (permission.kind === 'forbidden') return notForTheRole;
      // The narrowed world has refused it by now; should a rule ever not ask for it, the policy does.
      if (permission.kind === 'asAbsent') return refuse(permission.code, absent[permission.code]!, permission.field);
      return shown === state ? decision : decidedByAll(decider, command, state, world, taken);
    },
  };
}

const absent: Readonly<Record<string, string>> = {
  ...registryRefusals,
  ...deliveryRefusals,
  ...auditRefusals,
  ...signalsRefusals,
};

function decidedByAll<Command, E extends DomainEvent, State, World>(
  decider: Decider<Command, E, State, World>,
  command: Command,
  state: State,
  world: World,
  taken: Refusal | undefined,
): Decision<E> {
  const decision = decider.decide(command, state, world);
  return decision.kind === 'refused' && taken ? { kind: 'refused', refusal: taken } : decision;
}

function reachOf(
  { sites, workers }: Extract<Reach, { kind: 'part' }>,
  siteOf: (worker: string) => string | undefined,
): Within {
  const isOfASite = (site: string | undefined): boolean => site !== undefined && sites.has(site);
  return {
    sites,
    caseload: workers,
    hasWorker: (worker) => workers.has(worker) || isOfASite(siteOf(worker)),
    siteOf,
  };
}

/** A command for a worker is about where the worker is. */
const aboutOf = ({ type, worker }: Asked, about: Whereabouts, { siteOf }: Within): Whereabouts =>
  type === 'recordTraining' && worker !== undefined ? { site: siteOf(worker), workers: [worker] } : about;

function narrowed(world: RosterWorld, { sites, hasWorker }: Within): RosterWorld {
  const { roster } = world;
  if (!roster) return world;
  return {
    ...world,
    roster: {
      hasSite: (site) => sites.has(site) && roster.hasSite(site),
      hasWorker: (worker) => hasWorker(worker) && roster.hasWorker(worker),
      hasArm: (arm) => roster.hasArm(arm),
      hasStratum: (stratum) => roster.hasStratum(stratum),
      fidelityRange: (instrument) => roster.fidelityRange(instrument),
    },
  };
}
