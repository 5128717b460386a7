// What the page does with messages that a healthy service seldom sends: here the test plays the server.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Browser, Service, listed, ownPlace, until } from './world.mjs';

let browser;
let service;
before(async () => { [browser, service] = await Promise.all([Browser.launch(), Service.alone()]); });
after(async () => { await browser.close(); await service.stop(); });
afterEach(async () => assert.deepEqual(await browser.closePages(), [], 'what pages did wrong'));

function friend(id, distance_m) {
  const time_ms = Date.now();
  const fix = { latitude: 36.1, longitude: -115.1, time_ms, age_ms: 0, version: `${time_ms}` };
  return { id, class: 'precise', distance_m, ...fix };
}

/** A page as `ida`, and the test as its server. `sockets` are all connections, `heard` all messages. */
async function play(welcome = {}) {
  const stage = { sockets: [], heard: [] };
  const prepare = page => page.routeWebSocket('**/v1/ws', socket => {
    stage.sockets.push(socket);
    socket.onMessage(text => {
      const message = JSON.parse(text);
      stage.heard.push(message);
      if (message.type === 'auth') {
        stage.say({ type: 'welcome', user: 'ida', session: 's', epoch: 'one', time_ms: Date.now(), ttl_ms: 600_000,
          radius_m: 8_047, tick_ms: 5, ping_interval_ms: 25_000, token_expires_ms: Date.now() + 86_400_000, limits: {},
          hint: { interval_ms: 60_000, displacement_m: 50, accuracy: 'balanced' }, ...welcome });
      }
    });
  });
  stage.say = message => stage.sockets.at(-1).send(JSON.stringify(message));
  stage.snapshot = (friends, more = {}) =>
    stage.say({ type: 'snapshot', epoch: 'one', time_ms: Date.now(), located: true, friends, more: false, ...more });
  stage.hears = (type, count = 1) => until(`${count} × ${type}`, () => {
    const found = stage.heard.filter(message => message.type === type);
    return found.length >= count && found;
  });
  stage.page = await browser.open(service, { at: '/#ida', prepare });
  stage.shows = expected => until(JSON.stringify(expected), async () =>
    JSON.stringify(await listed(stage.page)) === JSON.stringify(expected));
  stage.state = state => until(state, async () => await stage.page.getAttribute('#status', 'data-state') === state);
  await stage.state('live');
  return stage;
}

test('the first message is auth, with a token that is nowhere in the address', async () => {
  const stage = await play();
  assert.equal(stage.heard[0].type, 'auth');
  assert.equal(new URL(stage.sockets[0].url()).search, '');
});

test('a snapshot in parts is put together, and a new one replaces it', async () => {
  const stage = await play();
  stage.snapshot([friend('ada', 100)], { more: true });
  stage.snapshot([friend('bea', 200)]);
  await stage.shows({ ada: '100 m', bea: '200 m' });
  stage.say({ type: 'gap' });
  stage.snapshot([friend('cem', 300)], { more: true });
  stage.snapshot([friend('dov', 1_234)]);
  await stage.shows({ cem: '300 m', dov: '1.23 km' });
  stage.snapshot([friend('eli', 400)], { epoch: 'two' });
  await stage.shows({ eli: '400 m' });
});

test('a push changes only what it names', async () => {
  const stage = await play();
  stage.snapshot([friend('ada', 100), friend('bea', 200), friend('cem', 300), friend('dov', 400)]);
  stage.say({ type: 'push', time_ms: Date.now(), came: [friend('eli', 50)], moved: [friend('bea', 250)],
    distances: [{ id: 'cem', distance_m: 350 }, { id: 'stranger', distance_m: 1 }],
    left: [{ id: 'ada', reason: 'far' }, { id: 'dov', reason: 'gone' }] });
  await stage.shows({ eli: '50 m', bea: '250 m', cem: '350 m' });
  const events = await stage.page.locator('#events li').allTextContents();
  assert.deepEqual(events, ['eli came near', 'ada went too far', 'dov is gone']);
});

test('friends are shown by name once it is told, and by the next one', async () => {
  const stage = await play();
  stage.snapshot([friend('ada', 100), friend('bea', 200)]);
  await stage.shows({ ada: '100 m', bea: '200 m' });
  const names = async () => (await stage.page.locator('#friends .name').allTextContents()).join();
  await until('ids', async () => await names() === 'ada,bea');
  stage.say({ type: 'names', names: [{ id: 'ada', display_name: 'Ada L.' }] });
  await until('a name', async () => await names() === 'Ada L.,bea');
  stage.say({ type: 'names', names: [{ id: 'ada', display_name: 'Ada' }, { id: 'bea', display_name: 'Bea' }] });
  await until('others', async () => await names() === 'Ada,Bea');
  stage.say({ type: 'push', time_ms: Date.now(), left: [{ id: 'bea', reason: 'far' }] });
  await until('it is told by name', async () => /Bea went too far/.test(await stage.page.textContent('#events')));
});

test('how somebody stands to one is read again when it is told that it changed', async () => {
  const stage = await play();
  const requests = () => stage.page.locator('#requests li').count();
  const token = await service.token('carl');
  await service.ask('GET', '/v1/users/me', null, await service.token('ida'));
  await service.ask('POST', '/v1/users/me/friend-requests', { to: 'ida' }, token);
  for (const message of [{ type: 'relation', id: 'carl', display_name: 'carl', state: 'incoming' }, { type: 'relations_unknown' }]) {
    stage.say(message);
    await until('it is shown', async () => await requests() === 1);
    await service.ask('DELETE', '/v1/users/me/friend-requests/ida', null, token);
    stage.say({ type: 'relation', id: 'carl', state: 'none' });
    await until('it is gone', async () => await requests() === 0);
    await service.ask('POST', '/v1/users/me/friend-requests', { to: 'ida' }, token);
  }
});

test('what is not in the protocol yet is ignored', async () => {
  const stage = await play();
  stage.say({ type: 'constructor' });
  stage.say({ type: 'tomorrow', friends: [] });
  stage.snapshot([friend('ada', 100)]);
  await stage.shows({ ada: '100 m' });
});

test('names are text', async () => {
  const stage = await play();
  const name = '<img src=x onerror=alert(1)>';
  stage.snapshot([friend(name, 100)]);
  await stage.shows({ [name]: '100 m' });
  stage.say({ type: 'push', time_ms: Date.now(), left: [{ id: name, reason: 'gone' }] });
  await until('told', async () => (await stage.page.textContent('#events')).includes(name));
  assert.equal(await stage.page.locator('img').count(), 0);
});

test('the state of the connection is shown', async () => {
  const stage = await play();
  stage.say({ type: 'degraded', interval_ms: 1_000 });
  await stage.state('slow');
  stage.say({ type: 'recovered', interval_ms: 5 });
  await stage.state('live');
  stage.say({ type: 'drain', closes_in_ms: 10_000 });
  await stage.state('draining');
});

test('after a close that says so the page comes back, and says again where it is', async () => {
  const stage = await play();
  stage.snapshot([], { located: false });
  await stage.page.click('#map', { position: { x: 300, y: 300 } });
  const [first] = await stage.hears('fix');
  for (const [count, code] of [[2, 1012], [3, 4002]]) {
    await stage.sockets.at(-1).close({ code, reason: 'test' });
    await until('connected again', () => stage.sockets.length === count);
    await stage.hears('auth', count);
    stage.snapshot([]);
    const again = (await stage.hears('fix', count)).at(-1);
    assert.ok(again.seq > first.seq);
    assert.deepEqual([again.latitude, again.longitude], [first.latitude, first.longitude]);
  }
});

test('after a close that says so the page stays away', async () => {
  for (const code of [1008, 4500, 4501]) {
    const stage = await play();
    await stage.sockets[0].close({ code, reason: 'test' });
    await stage.state('closed');
    assert.match(await stage.page.textContent('#status'), new RegExp(`${code}`));
  }
});

test('unlocated: a held place is reported again, an unknown one asked for', async () => {
  const stage = await play();
  stage.snapshot([friend('ada', 100)]);
  stage.say({ type: 'push', time_ms: Date.now(), left: [{ id: 'ada', reason: 'gone' }] });
  stage.say({ type: 'unlocated' });
  await until('asked', async () => /Nobody knows where you are/.test(await stage.page.textContent('#hint')));
  assert.equal(await ownPlace(stage.page), null);
  await stage.page.click('#map', { position: { x: 300, y: 300 } });
  await stage.hears('fix');
  stage.say({ type: 'unlocated' });
  await stage.hears('fix', 2);
});

test('a held place is kept in time, and a fix that was too early is sent again', async () => {
  const stage = await play({ ttl_ms: 1_000 });
  stage.snapshot([], { located: false });
  await stage.page.click('#map', { position: { x: 300, y: 300 } });
  const [{ device, seq }] = await stage.hears('fix');
  stage.say({ type: 'ack', device, seq, kept: 'none', shown: false, reason: 'older' });
  const [, second] = await stage.hears('fix', 2);
  stage.say({ type: 'ack', device, seq: second.seq, kept: 'memory', shown: true });
  await stage.hears('keep', 2);
  stage.say({ type: 'kept', device, located: false });
  await stage.hears('fix', 3);
});

test('the token is renewed before it expires', async () => {
  const stage = await play({ token_expires_ms: Date.now() + 2_000 });
  const [{ token }] = await stage.hears('renew');
  assert.equal(token.split('.').length, 3);
  stage.say({ type: 'renewed', token_expires_ms: Date.now() + 2_000 });
  await stage.hears('renew', 2);
});

test('a radius changed elsewhere is shown', async () => {
  const stage = await play();
  stage.say({ type: 'radius', radius_m: 1_500 });
  await until('shown', async () => await stage.page.textContent('#radius-shown') === '1.50 km');
});
