import fs from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repository } from './launched-cairn.js';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [other: string]: any;
}

export const KUBERNETES = path.join(repository, 'infra/kubernetes');

/** All documents of a text. */
export const manifestsIn = (text: string): readonly Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Manifest);

/** Those of the folders, as they are written: before Kustomize has put them together. */
export function writtenManifests(): readonly Manifest[] {
  return ['base', 'monitoring', 'overlays/example']
    .flatMap((folder) => fs.readdirSync(path.join(KUBERNETES, folder)).map((name) => path.join(folder, name)))
    .filter((name) => path.basename(name) !== 'kustomization.yaml')
    .flatMap((name) => manifestsIn(fs.readFileSync(path.join(KUBERNETES, name), 'utf8')));
}

interface Validate {
  (data: unknown): boolean;
  errors: readonly { readonly instancePath: string; readonly message?: string; readonly keyword: string }[] | null;
}

/** The names of the schemas of what is used; an operator's own kinds have none there. */
const SCHEMAS: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'IoK8sApiAppsV1Deployment',
  'batch/v1 Job': 'IoK8sApiBatchV1Job',
  'autoscaling/v2 HorizontalPodAutoscaler': 'IoK8sApiAutoscalingV2HorizontalPodAutoscaler',
  'policy/v1 PodDisruptionBudget': 'IoK8sApiPolicyV1PodDisruptionBudget',
  'networking.k8s.io/v1 NetworkPolicy': 'IoK8sApiNetworkingV1NetworkPolicy',
  'networking.k8s.io/v1 Ingress': 'IoK8sApiNetworkingV1Ingress',
  'v1 Service': 'IoK8sApiCoreV1Service',
  'v1 ServiceAccount': 'IoK8sApiCoreV1ServiceAccount',
  'v1 ConfigMap': 'IoK8sApiCoreV1ConfigMap',
  'v1 Namespace': 'IoK8sApiCoreV1Namespace',
};
const WITHOUT_SCHEMA = ['monitoring.coreos.com/v1 PodMonitor'];

/** What Kubernetes' own schema finds wrong in a document, and each field that is in none: it would be left out silently. */
export async function faultsOf(manifest: Manifest): Promise<readonly string[]> {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  if (WITHOUT_SCHEMA.includes(kind)) return [];
  const schema = SCHEMAS[kind];
  if (schema === undefined) return [`${kind} has no schema here`];
  const { validate } = (await import(`kubernetes-models/_schemas/${schema}`)) as { validate: Validate };
  const looked = new Set<object>();
  const read = new Set<string>();
  const where = `${kind} ${manifest.metadata.name}`;
  const valid = validate(watched(manifest, '', read, looked));
  const wrong = valid
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, keyword }) => `${where}${instancePath}: ${message ?? keyword}`,
      );
  const unknown = pathsIn(manifest).filter((each) => !read.has(each));
  return [...wrong, ...unknown.map((each) => `${where}${each}: there is no such field`)];
}

/** Notes which fields are looked at: a schema looks at those that it knows, and allows others. */
function watched(value: any, at: string, read: Set<string>, looked: Set<object>): any {
  if (typeof value !== 'object' || value === null) return value;
  looked.add(value);
  return new Proxy(value, {
    get(target, name, receiver) {
      if (typeof name === 'symbol') return Reflect.get(target, name, receiver) as unknown;
      const place = `${at}/${name}`;
      read.add(place);
      return watched(Reflect.get(target, name, receiver), place, read, looked);
    },
  });
}

function pathsIn(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [`${at}/${name}`, ...pathsIn(each, `${at}/${name}`)]);
}
