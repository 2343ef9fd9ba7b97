import { ApolloArmor } from '@escape.tech/graphql-armor';
import {
  type DirectiveNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type SelectionSetNode,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';

/** Of one document, before anything of it is validated. The longest of ours has some three hundred. */
export const MAX_TOKENS = 2_000;

/** Bytes of a request body. */
export const MAX_BODY = '256kb';

/** Bytes of one message to the web socket: a subscription is a short text. */
export const MAX_SOCKET_MESSAGE = 64 * 1_024;

/** Operations that one web socket may have open. */
export const MAX_SUBSCRIPTIONS_PER_SOCKET = 50;

/** Of one document. Merging fields of one name is what a validator works on longest. */
export const documentMaxima = {
  operations: 10,
  fields: 400,
  'fields of one name within one pair of braces': 5,
  depth: 10,
  aliases: 15,
  directives: 5,
  fragments: 30,
  'fragment spreads': 60,
} as const;

/**
 * Turns away documents that say the same again and again, or are put together from very many pieces. That two fields of
 * a name can be merged is checked for each pair of them, so their number must be known to be small before.
 */
const shapeRule: ValidationRule = (context) => {
  const found = { operations: 0, fields: 0, fragments: 0, 'fragment spreads': 0 };
  const count = (what: keyof typeof found): void => {
    if (++found[what] === documentMaxima[what] + 1) refuse(what);
  };
  const refuse = (what: string): void => context.reportError(new GraphQLError(`The document has too many ${what}.`));
  return {
    OperationDefinition: () => count('operations'),
    Field: () => count('fields'),
    FragmentDefinition: () => count('fragments'),
    FragmentSpread: () => count('fragment spreads'),
    SelectionSet: (set) => {
      if (mostRepeated(set) > documentMaxima[REPEATED]) refuse(REPEATED);
    },
  };
};

const REPEATED = 'fields of one name within one pair of braces';

/**
 * The root of a subscription has no conditions. Later editions of GraphQL say so; a validator of this one evaluates them
 * without the variables, and breaks.
 */
const unconditionalRule: ValidationRule = (context) => {
  const check = ({ directives = [] }: { readonly directives?: readonly DirectiveNode[] | undefined }): void => {
    const root = context.getSchema().getSubscriptionType();
    if (root && context.getParentType() === root && directives.length > 0) {
      context.reportError(new GraphQLError('The root of a subscription has no directives.'));
    }
  };
  return { Field: check, FragmentSpread: check, InlineFragment: check };
};

function mostRepeated({ selections }: SelectionSetNode): number {
  const times = new Map<string, number>();
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD) continue;
    const name = (selection.alias ?? selection.name).value;
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return Math.max(0, ...times.values());
}

/** Rules that turn away documents made to cost: too deep, too many aliases or directives, too many fields. */
export const limitRules: readonly ValidationRule[] = [
  shapeRule,
  unconditionalRule,
  ...new ApolloArmor({
    maxDepth: { n: documentMaxima.depth },
    maxAliases: { n: documentMaxima.aliases, allowList: [] },
    maxDirectives: { n: documentMaxima.directives },
    costLimit: { maxCost: 100_000, objectCost: 2, scalarCost: 1, depthCostFactor: 1.3, ignoreIntrospection: true },
    // Tokens are counted by the parser, which answers 400; this rule of theirs answers 500.
    maxTokens: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  }).protect().validationRules,
];

/** What is wrong with the size of a document. Cheap for every document that the parser took: to be asked first. */
export const overLimits = (schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] =>
  validate(schema, document, limitRules);

/** What is wrong with a document: its size, and only when that is right what it says. */
export function faultsOf(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const over = overLimits(schema, document);
  return over.length > 0 ? over : validate(schema, document, specifiedRules);
}
