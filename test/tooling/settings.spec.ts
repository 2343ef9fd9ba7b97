import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const { readSettings, urlOf } = await import(path.join(repository, 'scripts/supervisor/settings.mjs'));

describe('the settings of npm start', () => {
  it('need nothing to be set', () => {
    expect(readSettings({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      projectorPort: 4001,
      alerterPort: 4002,
      databaseUrl: undefined,
      publicUrl: 'http://127.0.0.1:4000',
      ownIssuer: true,
      demo: true,
      dataDir: path.join(repository, '.cairn'),
      keysDir: path.join(repository, '.cairn', 'keys'),
      erasuresDir: path.join(repository, '.cairn', 'erasures'),
    });
    expect(readSettings({ CAIRN_KEYS_DIR: '/safe/keys' }).keysDir).toBe('/safe/keys');
    expect(readSettings({ CAIRN_KEYS: 'vault' }).keysDir).toBeUndefined();
  });

  it('put the other services beside the api unless they are told otherwise', () => {
    expect(readSettings({ PORT: '4010' })).toMatchObject({ projectorPort: 4011, alerterPort: 4012 });
    expect(readSettings({ PORT: '4010', PROJECTOR_PORT: '9000' }).projectorPort).toBe(9000);
  });

  it('report all mistakes at once', () => {
    const mistaken = { PORT: 'http', PROJECTOR_PORT: '70000', DATABASE_URL: 'mysql://localhost', CAIRN_DEMO: 'maybe' };
    expect(() => readSettings(mistaken)).toThrow(
      [
        'PORT is "http"; it must be a whole number from 1 to 65535.',
        'PROJECTOR_PORT is "70000"; it must be a whole number from 1 to 65535.',
        'DATABASE_URL must begin with postgres:// or postgresql://.',
        'CAIRN_DEMO is "maybe"; it may be "on" or "off".',
      ].join('\n'),
    );
    expect(() => readSettings({ PORT: '4000', PROJECTOR_PORT: '4000' })).toThrow(
      'PORT and PROJECTOR_PORT are both 4000',
    );
    expect(() => readSettings({ PORT: '4000', ALERTER_PORT: '4001' })).toThrow(
      'PROJECTOR_PORT and ALERTER_PORT are both 4001',
    );
  });

  it('report a port that is none once, and a URL that is none before anything is started', () => {
    expect(() => readSettings({ PORT: 'http' })).toThrow(/^PORT is "http"; it must be .* 65535\.$/);
    expect(() => readSettings({ DATABASE_URL: 'postgres://a b:%zz@[::/x' })).toThrow('DATABASE_URL is no URL');
  });

  it('have no issuer and so no demo of their own where another issuer is named', () => {
    expect(readSettings({ OIDC_ISSUER: 'https://id.example' })).toMatchObject({ ownIssuer: false, demo: false });
  });

  it('name the address for browsers when that is another', () => {
    expect(readSettings({ PUBLIC_URL: 'https://cairn.example/' }).publicUrl).toBe('https://cairn.example');
    expect(() => readSettings({ PUBLIC_URL: 'cairn.example' })).toThrow(
      'PUBLIC_URL must begin with http:// or https://',
    );
  });

  it('take a login for each service where the server is not our own', () => {
    const [api, projector, alerter] = ['api', 'projector', 'alerter'].map(
      (user) => `postgres://${user}@localhost/cairn`,
    );
    const logins = { API_DATABASE_URL: api, PROJECTOR_DATABASE_URL: projector, ALERTER_DATABASE_URL: alerter };
    expect(readSettings({ DATABASE_URL: 'postgres://owner@localhost/cairn', ...logins })).toMatchObject({
      apiDatabaseUrl: api,
      projectorDatabaseUrl: projector,
      alerterDatabaseUrl: alerter,
    });
    expect(() => readSettings(logins)).toThrow('go with DATABASE_URL');
    expect(() => readSettings({ API_DATABASE_URL: 'mysql://localhost' })).toThrow(
      'API_DATABASE_URL must begin with postgres://',
    );
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:4000'],
    ['0.0.0.0', 'http://127.0.0.1:4000'],
    ['::', 'http://[::1]:4000'],
    ['trial.example', 'http://trial.example:4000'],
  ])('reach a server that listens on %s at %s', (host, url) => {
    expect(urlOf(host, 4000)).toBe(url);
  });
});
