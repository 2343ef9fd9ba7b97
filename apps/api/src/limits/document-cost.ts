import {
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getOperationAST,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';
import { PAGE_DEFAULT, PAGE_MAX } from '../graphql/connection.js';

/** Of any field: that it is looked up and written. */
const FIELD = 0.005;

/** What a field costs beside its own fields, and what more when it is asked for a past moment: then facts are counted anew. */
const fieldCosts: Readonly<Record<string, { readonly now: number; readonly past?: number }>> = {
  trial: { now: 0.5 },
  trials: { now: 1 },
  engagement: { now: 1, past: 30 },
  engagementChanged: { now: 2 },
  alerts: { now: 2 },
  fidelityAssociation: { now: 2, past: 30 },
  benchmark: { now: 5, past: 30 },
  participants: { now: 2, past: 30 },
  // A page of the log and, with the total, a look at all of it.
  history: { now: 10, past: 5 },
  conduct: { now: 10, past: 5 },
  dataCuts: { now: 2 },
  dataCut: { now: 2 },
  // Each is read, checked and written out.
  tables: { now: 50 },
  lateArrivals: { now: 10 },
  // Its tables and those of the cut before are read, and it is written out.
  openReport: { now: 200 },
  closedReport: { now: 200 },
  // The trial is folded again.
  recomputed: { now: 500 },
  changes: { now: 500 },
  currency: { now: 10 },
  // Each signal is folded for the moment, whichever that is.
  signals: { now: 5 },
  signal: { now: 5 },
  signalRules: { now: 5 },
  contributingEvents: { now: 2 },
  // The trial is folded, and two rules are tried on it.
  backTest: { now: 500 },
  alertSubscriptions: { now: 2 },
  lag: { now: 2 },
  deliveries: { now: 5 },
  deadLetters: { now: 5 },
  // Somebody else's machine is waited for.
  sendTestAlert: { now: 50 },
  people: { now: 1, past: 5 },
  unblindings: { now: 0, past: 5 },
  // Where the log ended then is looked for.
  sites: { now: 0, past: 3 },
  protocol: { now: 0, past: 3 },
  engagementDefinitions: { now: 0, past: 3 },
  __schema: { now: 5 },
};

/** Lists without pages, by the length that they mostly have. */
const listLengths: Readonly<Record<string, number>> = { sites: 40, points: 40, types: 100, fields: 8, inputFields: 6 };
const PAGED = new Set([
  'signals',
  'trials',
  'sites',
  'participants',
  'history',
  'people',
  'conduct',
  'dataCuts',
  'lateArrivals',
  'changes',
  'causes',
]);
const PAGES = new Set(['first', 'last']);
const MOMENTS = new Set(['asOf', 'knownAt']);

type Variables = Readonly<Record<string, unknown>>;

/**
 * What an operation will cost, from its text alone, before anything is looked up. A site table of now is some five units; a
 * unit is about a third of a millisecond of one core. Rough, and the same for everybody: nothing of what is stored shows in it.
 * @returns 0 for a document without such an operation
 */
export function costOf(document: DocumentNode, operationName?: string | null, variables: Variables = {}): number {
  const operation = getOperationAST(document, operationName);
  if (!operation) return 0;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const values = new Values(variables, operation.variableDefinitions ?? []);
  const known = new Map<string, number>();

  const ofSet = (set: SelectionSetNode | undefined): number =>
    (set?.selections ?? []).reduce((sum, selection) => sum + ofNode(selection), 0);
  const ofNode = (node: ASTNode): number => {
    switch (node.kind) {
      case Kind.FIELD:
        return ofField(node);
      case Kind.INLINE_FRAGMENT:
        return ofSet(node.selectionSet);
      case Kind.FRAGMENT_SPREAD: {
        const name = node.name.value;
        const before = known.get(name);
        if (before !== undefined) return before;
        // Fragments that name each other cost nothing: validation turns them away.
        known.set(name, 0);
        const cost = ofSet(fragments.get(name)?.selectionSet);
        known.set(name, cost);
        return cost;
      }
      default:
        return 0;
    }
  };
  const ofField = (field: FieldNode): number => {
    const cost = fieldCosts[field.name.value];
    const past =
      cost?.past !== undefined &&
      field.arguments?.some((each) => MOMENTS.has(each.name.value) && values.given(each.value));
    return FIELD + (cost?.now ?? 0) + (past ? cost.past : 0) + lengthOf(field, values) * ofSet(field.selectionSet);
  };
  return ofSet(operation.selectionSet);
}

/** Commands of an operation: each is counted, whatever becomes of it. */
export function commandsIn(document: DocumentNode, operationName?: string | null): number {
  const operation = getOperationAST(document, operationName);
  return operation?.operation === OperationTypeNode.MUTATION ? operation.selectionSet.selections.length : 0;
}

function lengthOf(field: FieldNode, values: Values): number {
  const name = field.name.value;
  const page = field.arguments?.find((each) => PAGES.has(each.name.value));
  if (page) return Math.min(PAGE_MAX, Math.max(1, values.number(page.value)));
  return listLengths[name] ?? (PAGED.has(name) ? PAGE_DEFAULT : 1);
}

/** Arguments as they will be: written in the document, given as variables, or by a variable's default. */
class Values {
  constructor(
    private readonly variables: Variables,
    private readonly definitions: readonly VariableDefinitionNode[],
  ) {}

  given(node: ValueNode): boolean {
    if (node.kind !== Kind.VARIABLE) return node.kind !== Kind.NULL;
    const value = this.variables[node.name.value];
    return value === undefined ? this.defaultOf(node.name.value) !== undefined : value !== null;
  }

  number(node: ValueNode): number {
    if (node.kind === Kind.INT) return Number(node.value);
    if (node.kind === Kind.NULL) return PAGE_DEFAULT;
    if (node.kind !== Kind.VARIABLE) return PAGE_MAX;
    const value = this.variables[node.name.value] ?? this.defaultOf(node.name.value);
    if (value === undefined) return PAGE_DEFAULT;
    return typeof value === 'number' && Number.isFinite(value) ? value : PAGE_MAX;
  }

  private defaultOf(variable: string): number | true | undefined {
    const node = this.definitions.find((each) => each.variable.name.value === variable)?.defaultValue;
    if (!node || node.kind === Kind.NULL) return undefined;
    return node.kind === Kind.INT ? Number(node.value) : true;
  }
}
