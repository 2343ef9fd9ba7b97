// The live table of one trial: by query for a moment in the past, by subscription for now.

const counts = `randomised offered withData engaged notYet notEngaged
  ofWithData { value } ofOffered { value } bounds { lower upper }`;
const table = `definition { id title description source } asOf position overall { ${counts} }
  sites { site { id name employerKind } fidelity fidelityAssessment { early } counts { ${counts} } }`;

const element = (id) => document.getElementById(id);
const choice = { trial: element('trial'), definition: element('definition'), asOf: element('as-of') };
let close = () => {};

async function ask(query, variables) {
  const response = await fetch('graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (response.status === 401) location.assign('/sign-in');
  if (errors && !data) throw new Error(errors[0].message);
  return data;
}

/** Close codes of the API's web socket: the sign-in has ended; a role has. */
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;

/** One subscription over graphql-transport-ws; connects again when the connection is lost. */
function subscribe(query, variables, onNext) {
  let socket;
  let ended = false;
  let timer;
  const connect = () => {
    socket = new WebSocket(new URL('graphql', location.href.replace(/^http/, 'ws')), 'graphql-transport-ws');
    socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init' }));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'connection_ack') {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
      } else if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
      else if (message.type === 'next') onNext(message.payload.data);
      else if (message.type === 'error') say(message.payload[0].message, true);
    };
    socket.onclose = ({ code }) => {
      if (ended) return;
      if (code === UNAUTHORIZED) return location.assign('/sign-in');
      if (code === FORBIDDEN) return hide(NOT_SHOWN);
      say('The connection is lost; the figures may be old. Trying again …', true);
      timer = setTimeout(connect, 2_000);
    };
  };
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}

const NOT_SHOWN = 'Engagement in this trial is not shown to your role.';

/** Nothing stays that is not to be seen any more. */
function hide(text) {
  for (const id of ['meaning', 'caption', 'sites', 'overall']) element(id).replaceChildren();
  element('table').hidden = true;
  say(text);
}

function say(text, trouble = false) {
  const state = element('state');
  state.textContent = text;
  state.toggleAttribute('data-trouble', trouble);
}

const percent = (value) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const range = ({ lower, upper }) =>
  lower === null ? '–' : `${(100 * lower).toFixed(1)}–${(100 * upper).toFixed(1)} %`;

function row(name, employer, figures, fidelity) {
  const line = document.createElement('tr');
  const heading = document.createElement('th');
  heading.scope = 'row';
  heading.textContent = name;
  const { randomised, offered, withData, engaged, notYet, notEngaged, ofWithData, ofOffered, bounds } = figures;
  const shares = [percent(ofWithData.value), percent(ofOffered.value), range(bounds)];
  const cells = [employer, randomised, offered, withData, engaged, notYet, notEngaged, ...shares, fidelity ?? '–'];
  line.append(heading, ...cells.map((text) => Object.assign(document.createElement('td'), { textContent: text })));
  return line;
}

function show({ definition, asOf, position, overall, sites }, live) {
  element('table').hidden = false;
  element('meaning').textContent = `${definition.description} (${definition.source})`;
  element('caption').textContent = `${choice.trial.selectedOptions[0].text}, as of ${asOf}`;
  element('sites').replaceChildren(
    ...sites.map(({ site, counts: figures, fidelity, fidelityAssessment }) =>
      row(site.name, site.employerKind, figures, fidelityAssessment?.early ? `${fidelity} (early)` : fidelity),
    ),
  );
  element('overall').replaceChildren(row('All sites', '', overall, ''));
  say(`${live ? 'Live' : 'A moment in the past'}; includes the log up to position ${position}.`);
}

async function look() {
  close();
  close = () => {};
  const variables = { trial: choice.trial.value, definition: choice.definition.value };
  try {
    if (choice.asOf.value === '') {
      const query = `subscription ($trial: ID!, $definition: ID) { engagementChanged(trial: $trial, definition: $definition) { ${table} } }`;
      const { trial } = await ask('query ($trial: ID!) { trial(id: $trial) { engagement { asOf } } }', {
        trial: variables.trial,
      });
      if (!trial?.engagement) return hide(NOT_SHOWN);
      close = subscribe(query, variables, (data) => show(data.engagementChanged, true));
      return;
    }
    const asOf = new Date(`${choice.asOf.value}Z`).toISOString();
    const query = `query ($trial: ID!, $definition: ID, $asOf: DateTime) { trial(id: $trial) { engagement(definition: $definition, asOf: $asOf) { ${table} } } }`;
    const { trial } = await ask(query, { ...variables, asOf });
    if (trial?.engagement) show(trial.engagement, false);
    else hide(NOT_SHOWN);
  } catch (error) {
    say(error.message, true);
  }
}

async function chooseTrial() {
  const { trial } = await ask('query ($id: ID!) { trial(id: $id) { engagementDefinitions { id title } } }', {
    id: choice.trial.value,
  });
  choice.definition.replaceChildren(...trial.engagementDefinitions.map(({ id, title }) => new Option(title, id)));
  await look();
}

async function start() {
  try {
    const { viewer, trials } = await ask('{ viewer { name roles } trials { edges { node { id title } } } }');
    const roles = viewer.roles.map((role) => role.replaceAll('_', ' ')).join(', ');
    element('viewer').textContent = `${viewer.name} (${roles || 'no role yet'})`;
    if (trials.edges.length === 0) {
      say('There is no trial for you yet: ask for a role, or import one with npx cairn import DIR');
      setTimeout(start, 5_000);
      return;
    }
    choice.trial.replaceChildren(...trials.edges.map(({ node }) => new Option(node.title, node.id)));
    await chooseTrial();
  } catch (error) {
    say(`${error.message} Trying again …`, true);
    setTimeout(start, 5_000);
  }
}

choice.trial.addEventListener('change', chooseTrial);
choice.definition.addEventListener('change', look);
choice.asOf.addEventListener('change', look);
element('now').addEventListener('click', () => {
  choice.asOf.value = '';
  void look();
});
element('choice').addEventListener('submit', (event) => event.preventDefault());

// Who signs out in one window has left all of them.
const leaving = new BroadcastChannel('signing out');
leaving.addEventListener('message', () => location.assign('/sign-in'));
element('sign-out').addEventListener('submit', () => leaving.postMessage(''));
void start();
