import { ApolloArmor } from '@escape.tech/graphql-armor';
import type { ValidationRule } from 'graphql';

/** Of one document, before anything of it is validated. The longest of ours has some three hundred. */
export const MAX_TOKENS = 2_000;

/** Bytes of a request body. */
export const MAX_BODY = '256kb';

/** Bytes of one message to the web socket: a subscription is a short text. */
export const MAX_SOCKET_MESSAGE = 64 * 1_024;

/** Operations that one web socket may have open. */
export const MAX_SUBSCRIPTIONS_PER_SOCKET = 50;

/** Rules that turn away documents made to cost: too deep, too many aliases or directives, too many fields. */
export const limitRules: readonly ValidationRule[] = new ApolloArmor({
  maxDepth: { n: 10 },
  maxAliases: { n: 15, allowList: [] },
  maxDirectives: { n: 5 },
  costLimit: { maxCost: 100_000, objectCost: 2, scalarCost: 1, depthCostFactor: 1.3, ignoreIntrospection: true },
  // Tokens are counted by the parser, which answers 400; this rule of theirs answers 500.
  maxTokens: { enabled: false },
  blockFieldSuggestion: { enabled: false },
}).protect().validationRules;
