import { decideField, type FieldRule, ruleOf, type SealReason } from '@cairn/access';
import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isNonNullType,
  isObjectType,
  responsePathAsArray,
} from 'graphql';
import type { RequestContext } from './context.js';
import { forbidden, sealed } from './errors.js';

type Field = GraphQLField<unknown, RequestContext>;
type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

/** An approved unblinding opens a participant's arm to whoever may not see arms: its resolver asks for both. */
const DECIDES_ITSELF: ReadonlySet<string> = new Set(['Participant.arm']);

/** What waits for the database. Answers to many come back together, and each is written out in a turn of its own. */
const WAITS: ReadonlySet<string> = new Set([
  'Trial.history',
  'Trial.signals',
  'Trial.signal',
  'Trial.signalRules',
  'Trial.backTest',
  'Query.conduct',
  'Trial.alertSubscriptions',
  'DataCut.tables',
  'DataCut.lateArrivals',
  'DataCut.recomputed',
  'DataCut.currency',
  'CutDiff.changes',
]);

/**
 * Asks the policy before every field of the schema, also before those that are merely read off an object. What a viewer
 * may not see is null with a note where null can be, and an error where it cannot.
 * @throws an error that names every field without a rule: nobody has said whose it is
 */
export function guarded(schema: GraphQLSchema): GraphQLSchema {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  const unruled: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields()) as Field[]) {
      const rule = ruleOf(type.name, field.name);
      if (!rule) unruled.push(`${type.name}.${field.name}`);
      if (type === schema.getMutationType() || WAITS.has(`${type.name}.${field.name}`)) goOnInTurn(field);
      if (!rule) continue;
      if (roots.has(type)) guardRoot(field, rule);
      else if (rule.kind !== 'within' && rule.kind !== 'open') guardField(type, field, rule);
    }
  }
  if (unruled.length > 0)
    throw new Error(`nobody may see these fields, because no rule says who: ${unruled.join(', ')}`);
  return schema;
}

function goOnInTurn(field: Field): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = async (source, args, context, info) => {
    const answer: unknown = await resolve(source, args, context, info);
    await context.turn();
    return answer;
  };
}

/** Answers before anything is looked up, so the answer is the same whatever exists. */
function guardRoot(field: Field, rule: FieldRule): void {
  const before =
    (resolve: Resolver): Resolver =>
    (source, args: RootArguments, context, info) => {
      // A trial's own areas are asked for where it is known whether there is such a trial for the viewer.
      const ofTrial = rule.kind === 'area' && rule.of === 'trial';
      const asked: FieldRule = ofTrial ? { ...(rule.scope && { scope: rule.scope }), kind: 'open' } : rule;
      if (decideField(context.viewer, asked, args.input?.trial ?? undefined).kind === 'sealed') throw forbidden();
      return resolve(source, args, context, info);
    };
  if (field.subscribe) field.subscribe = before(field.subscribe);
  else field.resolve = before(field.resolve ?? defaultFieldResolver);
}

interface RootArguments {
  readonly input?: { readonly trial?: string | null };
}

function guardField(type: GraphQLObjectType, field: Field, rule: FieldRule): void {
  const name = `${type.name}.${field.name}`;
  if (DECIDES_ITSELF.has(name)) return;
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const { trial } = source as { readonly trial?: string };
    const decision = decideField(context.viewer, rule, trial);
    if (decision.kind === 'shown') return resolve(source, args, context, info);
    return withhold(context, info, trial, decision.reason);
  };
}

/** Answers what is not for the viewer: null with a note, or an error where null cannot be. */
export async function withhold(
  context: RequestContext,
  { path, parentType, fieldName, returnType }: GraphQLResolveInfo,
  trial: string | undefined,
  reason: SealReason,
): Promise<null> {
  // Kept for whoever oversees the blinding; that something is not somebody's work is no news.
  if (reason === 'BLINDED' && trial !== undefined) {
    await context.disclosures.refused(context.viewer, trial, `${parentType.name}.${fieldName}`, reason);
  }
  if (isNonNullType(returnType)) throw sealed(reason);
  context.disclosures.seal(responsePathAsArray(path), reason);
  return null;
}
