export * from './commands.js';
export { peopleDecider } from './decide-people.js';
export { UNBLINDING_LASTS_MS, unblindingDecider } from './decide-unblinding.js';
export * from './events.js';
export { decideField, type FieldDecision, type FieldRule, fieldRules, ruleOf } from './fields.js';
export { evolve as evolvePeople, nobodyYet, type People, type Person, viewerOf } from './people.js';
export { type Asked, type Attempt, attempt, permit, type Permission, type Whereabouts } from './permission.js';
export {
  areas,
  type Area,
  type CommandExtent,
  commandRights,
  type Extent,
  type GuardedCommand,
  sight,
} from './policy.js';
export { accessRefusals, type AccessRefusalCode, type AccessWorld } from './refusals.js';
export { isBlinded, Role, type RoleRequirements, roles } from './roles.js';
export * from './streams.js';
export {
  armOpenUntil,
  evolve as evolveUnblindings,
  noUnblindings,
  type Unblinding,
  type Unblindings,
} from './unblinding.js';
export { type Assignment, type Reach, type Scope, scopes, type SealReason, Viewer } from './viewer.js';
