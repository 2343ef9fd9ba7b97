// Which room may use which. `test/tooling/boundaries.spec.ts` breaks each rule once and sees that it is noticed.

const CONTEXT = '^libs/(registry|access|audit|delivery|signals|monitoring|simulation)/';
const PRODUCT = '^(libs|apps)/';
const NOT_PRODUCT_CODE = '(\\.spec\\.ts$|/spec\\.ts$)';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'kernel-uses-nothing',
      comment: 'The kernel is what everything else stands on.',
      severity: 'error',
      from: { path: '^libs/event-sourcing/' },
      to: { path: PRODUCT, pathNot: '^libs/event-sourcing/' },
    },
    {
      name: 'context-uses-kernel-only',
      comment: 'Contexts never depend on each other or on an adapter; apps compose.',
      severity: 'error',
      from: { path: '^libs/(registry|access|audit|delivery|signals|simulation)/' },
      to: { path: PRODUCT, pathNot: ['^libs/event-sourcing/', '^libs/$1/'] },
    },
    {
      name: 'monitoring-reads-published-shapes-only',
      comment:
        'Beside the kernel, monitoring reads the event shapes of delivery, the protocol of registry and the rules of signals.',
      severity: 'error',
      from: { path: '^libs/monitoring/' },
      to: {
        path: PRODUCT,
        pathNot: [
          '^libs/(event-sourcing|monitoring)/',
          '^libs/delivery/src/events\\.ts$',
          '^libs/registry/src/protocol\\.ts$',
          '^libs/signals/src/(rule|events)\\.ts$',
        ],
      },
    },
    {
      name: 'platform-uses-kernel-only',
      comment: 'Adapters know ports, not the trial.',
      severity: 'error',
      from: { path: '^libs/platform/' },
      to: { path: PRODUCT, pathNot: '^libs/(event-sourcing|platform)/' },
    },
    {
      name: 'no-app-to-app',
      comment: 'Apps meet over the network or in the database.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'packages-by-name',
      comment: 'Another package is entered by its name, never by a path into it.',
      severity: 'error',
      from: { path: '^((libs|apps)/[^/]+)/' },
      to: { path: PRODUCT, pathNot: '^$1/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'product-without-tests-and-scripts',
      comment: 'What is shipped uses nothing of the workshop.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/', pathNot: NOT_PRODUCT_CODE },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-development-packages',
      comment:
        'What is shipped uses no package that is there for development only. Types vanish, so they are free; the bench ' +
        'measures other stores, in a checkout.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/', pathNot: [NOT_PRODUCT_CODE, '^apps/cli/src/bench/'] },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '/node_modules/@types/|^node_modules/@types/',
      },
    },
    {
      name: 'context-without-frameworks',
      comment: 'Contexts and the kernel are plain TypeScript.',
      severity: 'error',
      from: { path: [CONTEXT, '^libs/event-sourcing/'], pathNot: NOT_PRODUCT_CODE },
      to: { path: 'node_modules/', pathNot: 'node_modules/(zod|temporal-polyfill|temporal-spec|simple-statistics)/' },
    },
    {
      name: 'resolvable',
      comment: 'A package is entered by its published doors only; anything else does not resolve.',
      severity: 'error',
      from: { path: ['^(libs|apps|test)/'], pathNot: '/generated/' },
      to: { couldNotResolve: true, pathNot: '/generated/' },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one idea, or a third one is missing.',
      severity: 'error',
      from: { path: PRODUCT },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(libs|apps)/[^/]+/(dist|types)/|/generated/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@cairn/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
