// `@cairn/platform/log-copy`: the product on KurrentDB, whose logs are copied into PostgreSQL and read there.
export * from './log-copy/copied-log-store.js';
export * from './log-copy/copied-times.js';
export { byCommand, wholeCommands } from './log-copy/command-pages.js';
export { beginCopy, CopyRefused } from './log-copy/copy-source.js';
export * from './log-copy/copyist.js';
export * from './log-copy/log-copy.js';
export * from './log-copy/open-log-store.js';
export * from './log-store-settings.js';
