import { readConfiguration } from './configuration.js';

const url = 'postgres://u:secret@localhost/cairn';

it('needs the database only', () => {
  expect(readConfiguration({ DATABASE_URL: url, PROJECTOR_PORT: '' })).toEqual({
    databaseUrl: url,
    host: '127.0.0.1',
    port: 4_001,
    logLevel: 'info',
    recentDocuments: 5_000,
  });
});

it('takes a database behind a socket', () => {
  const socket = 'postgres://postgres@localhost/cairn?host=%2Ftmp%2Fcairn-pg-x';
  expect(readConfiguration({ DATABASE_URL: socket }).databaseUrl).toBe(socket);
});

it('names everything that is wrong at once, without the values', () => {
  const wrong = () =>
    readConfiguration({ DATABASE_URL: 'mysql://u:secret@h/d', PROJECTOR_PORT: '70000', LOG_LEVEL: 'x' });
  expect(wrong).toThrow(/DATABASE_URL[^]*PROJECTOR_PORT[^]*LOG_LEVEL/);
  expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret') }));
});
