import { type FieldRule, fieldRules } from './fields.js';
import { commandsOfTheTenant } from './permission.js';
import {
  areas,
  type Area,
  type CommandExtent,
  commandRights,
  type Extent,
  type GuardedCommand,
  sight,
} from './policy.js';
import { Role, roles } from './roles.js';
import { type Scope, scopes } from './viewer.js';

/** docs/access.md as it follows from the policy. */
export const accessPage = (): string =>
  [
    '# Who may see and do what',
    text(
      'Made from the policy in [libs/access](../libs/access) by `npm run access:write --workspace @cairn/access`; a test compares.',
      'Whoever holds several roles sees and does what any of them allows. What no role allows is refused.',
    ),
    '## Roles',
    table(['role', 'what for', 'held in', 'ends', 'blinded'], Role.options.map(roleRow)),
    text(
      'A *blinded* role must not be able to infer an arm: with the arms of a whole trial swapped, everything that is answered',
      'is the same, byte by byte. A person is blinded in a trial when all of their roles in it are. A `blinded_outcome_assessor`',
      'is given no role of the same trial that is not blinded, and nobody becomes one who ever had such a role there.',
    ),
    '## What is seen',
    list(
      '`trial`: everywhere in the trials of the assignment',
      '`recorded`: so too, and each look is an event in the tenant’s log',
      '`site`, `caseload`: of the assignment’s site, or of participants allocated to its worker; others look absent',
      '`sealed`: never, because it would tell an arm (`extensions.sealed` says `BLINDED`)',
      '–: not this role’s work (`NOT_IN_ROLE`)',
    ),
    byRole(
      ['area', 'what it is'],
      (Object.keys(areas) as Area[]).map((area) => [[code(area), areas[area]], (role) => sight[role][area]]),
    ),
    '## Fields',
    text(
      'Every field of the API that is guarded by itself. Of the tenant as a whole is seen what a role in all trials allows:',
      '`tenant`. A participant’s arm is also shown to whom an approved unblinding opened it, for a day.',
    ),
    byRole(
      ['field', 'area'],
      fieldsOf('area').map(([field, rule]) => [
        [code(field), rule.area + (rule.orOperator ? ', or operator' : '')],
        (role) => (rule.of === 'tenant' ? inTenant(sight[role][rule.area]) : sight[role][rule.area]),
      ]),
    ),
    text(
      `Anybody who is signed in: ${fieldsOf('open')
        .map(([field]) => code(field))
        .join(', ')}. What they answer is made for who asks.`,
      `Operators, by their token: ${fieldsOf('operator')
        .map(([field]) => code(field))
        .join(', ')}.`,
      `Reached through these only: all fields of ${typesWithin().map(code).join(', ')} that are not above.`,
    ),
    '## Commands',
    byRole(
      ['command'],
      (Object.keys(commandRights) as GuardedCommand[]).map((command) => [
        [code(command)],
        (role) => {
          const extent = (commandRights[command] as Partial<Record<Role, CommandExtent>>)[role] ?? 'none';
          return commandsOfTheTenant.has(command) ? inTenant(extent) : extent;
        },
      ]),
    ),
    text(
      'A peer worker records contacts of their own. `registerTenant` is also for whoever comes first to a tenant without people.',
      'Nobody decides on an unblinding that they asked for.',
    ),
    '## Tokens',
    text(
      'A token with any of these scopes is good for what they name only, and within it for what the roles allow. One with none',
      'of them is good for everything but what is for operators.',
    ),
    table(
      ['scope', 'good for'],
      scopes.map((scope) => [code(scope), scoped(scope)]),
    ),
  ].join('\n\n') + '\n';

const code = (name: string): string => `\`${name}\``;
const text = (...lines: readonly string[]): string => lines.join('\n');
const list = (...lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(header), row(header.map(() => '---')), ...rows.map(row)].join('\n');

type ByRole = readonly [heads: readonly string[], of: (role: Role) => Extent | 'tenant'];
const byRole = (header: readonly string[], rows: readonly ByRole[]): string =>
  table(
    [...header, ...Role.options.map(code)],
    rows.map(([heads, of]) => [...heads, ...Role.options.map((role) => extentName(of(role)))]),
  );

const extentName = (extent: Extent | 'tenant'): string => (extent === 'none' ? '–' : extent);
const inTenant = (extent: Extent): Extent | 'tenant' => (extent === 'trial' ? 'tenant' : extent);

function roleRow(role: Role): readonly string[] {
  const { purpose, reach, timeBoxed, blinded } = roles[role];
  const heldIn = {
    'whole tenant': 'the tenant',
    trial: 'one trial, or all',
    site: 'a site of a trial',
    worker: 'a trial, as one of its workers',
  }[reach];
  return [code(role), purpose, heldIn, timeBoxed ? 'always' : 'where it says so', blinded ? 'yes' : 'no'];
}

type RuleOf<Kind extends FieldRule['kind']> = Extract<FieldRule, { kind: Kind }>;
const every = (): readonly (readonly [type: string, field: string, rule: FieldRule])[] =>
  Object.entries(fieldRules).flatMap(([type, fields]) =>
    Object.entries(fields).map(([field, rule]) => [type, field, rule] as const),
  );
const fieldsOf = <Kind extends FieldRule['kind']>(kind: Kind): readonly (readonly [string, RuleOf<Kind>])[] =>
  every().flatMap(([type, field, rule]) =>
    rule.kind === kind ? [[`${type}.${field}`, rule as RuleOf<Kind>] as const] : [],
  );
const typesWithin = (): readonly string[] => [
  ...new Set(every().flatMap(([type, , rule]) => (rule.kind === 'within' ? [type] : []))),
];

/** Operators' fields by name; of the others the roots of the API, to which they belong as a whole. */
function scoped(scope: Scope): string {
  if (scope !== 'cairn:operate') {
    return [...new Set(every().flatMap(([type, , rule]) => (rule.scope === scope ? [code(type)] : [])))].join(', ');
  }
  const named = every().filter(([, , rule]) => rule.scope === scope || (rule.kind === 'area' && rule.orOperator));
  return named.map(([type, field]) => code(`${type}.${field}`)).join(', ');
}
