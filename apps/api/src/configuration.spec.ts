import { ConfigurationError, readConfiguration } from './configuration.js';

const url = 'postgres://postgres@localhost/cairn?host=%2Ftmp%2Fsocket';

it('needs nothing but a database', () => {
  expect(readConfiguration({ DATABASE_URL: url, PORT: '' })).toMatchObject({
    databaseUrl: url,
    host: '127.0.0.1',
    port: 4_000,
    defaultTenant: 'enrich',
    introspection: true,
  });
});

it('names every setting that is wrong at once, and no value', () => {
  const wrong = () =>
    readConfiguration({ DATABASE_URL: 'mysql://u:secret@h/d', PORT: '70000', INTROSPECTION: 'perhaps' });
  expect(wrong).toThrow(ConfigurationError);
  expect(wrong).toThrow(/DATABASE_URL[^]*PORT[^]*INTROSPECTION/);
  expect(wrong).not.toThrow(/secret/);
});
