// The development page in a real browser, against the real service.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Browser, Service, drag, listed, metres, ownPlace, until } from './world.mjs';

let browser;
before(async () => { browser = await Browser.launch(); });
after(() => browser.close());
afterEach(async () => assert.deepEqual(await browser.closePages(), [], 'what pages did wrong'));

describe('in the demo', () => {
  let demo;
  before(async () => { demo = await Service.demo('--speed', '20'); });
  after(() => demo.stop());

  /** Somebody on the move with friends around. */
  async function somebody() {
    const { people } = await demo.ask('GET', '/dev/people');
    const before = new Map();
    return until('somebody on the move has three friends near', async () => {
      for (const watcher of people) {
        for (const friend of await demo.nearby(watcher)) {
          const was = before.get(friend.id) ?? friend;
          before.set(friend.id, friend);
          const moved = Math.hypot(friend.latitude - was.latitude, friend.longitude - was.longitude);
          if (moved < 1e-3) continue;
          const near = await demo.nearby(friend.id);
          if (near.length >= 3 && near.at(-1).distance_m > 1_000) return friend.id;
        }
      }
    });
  }

  /** Where this person is, as seen by a friend who is near; undefined if none is. */
  async function seen(who) {
    for (const { id } of await demo.nearby(who)) {
      const found = (await demo.nearby(id)).find(friend => friend.id === who);
      if (found) return found;
    }
  }

  const isAt = (place, friend) => friend && Math.abs(friend.latitude - place.latitude) < 2e-5
    && Math.abs(friend.longitude - place.longitude) < 2e-5;

  test('whoever opens the page is somebody who has company, and stays it', async () => {
    const page = await browser.open(demo);
    await until('friends', async () => Object.keys(await listed(page)).length > 0);
    const who = await page.inputValue('#who');
    assert.equal(await page.evaluate(() => location.hash), `#${who}`);
    await page.reload();
    await until('live again', async () => await page.textContent('#status') === 'live');
    assert.equal(await page.inputValue('#who'), who);
  });

  test('whoever chooses to be nobody stays it', async () => {
    const page = await browser.open(demo);
    await until('friends', async () => Object.keys(await listed(page)).length > 0);
    await page.selectOption('#who', '');
    await until('nobody', async () => /Choose whom to be/.test(await page.textContent('#hint')));
    assert.equal(await page.textContent('#status'), 'not connected');
    assert.ok(await page.locator('#session').isHidden());
  });

  test('whoever is chosen sees friends, whose distances change', async () => {
    const who = await somebody();
    const page = await browser.open(demo);
    await until('everybody is offered', async () => await page.locator('#who option').count() === 61);
    await page.selectOption('#who', who);
    await until('live', async () => await page.textContent('#status') === 'live');
    const first = await until('friends', async () => {
      const now = await listed(page);
      return Object.keys(now).length > 0 && now;
    });
    await until('a distance changes', async () => {
      const now = await listed(page);
      return Object.entries(first).some(([id, distance]) => now[id] && now[id] !== distance);
    });
    await until('latency', async () => /\d ms/.test(await page.textContent('#latency')));
  });

  test('dragging oneself changes the distances and stops the replay, until one lets go', async () => {
    const who = await somebody();
    const page = await browser.open(demo, { at: `/#${who}` });
    await page.locator('#me-dot').waitFor();
    const before = await until('friends', async () => {
      const now = await listed(page);
      return Object.keys(now).length > 0 && now;
    });
    assert.ok(await page.locator('#let-go').isHidden());
    await drag(page, 40, 30);
    await until('the distances change', async () => {
      const now = await listed(page);
      return Object.entries(before).every(([id, distance]) => now[id] !== distance);
    });
    assert.ok(await page.locator('#let-go').isVisible());

    await until('a friend sees the new place', async () => isAt(await ownPlace(page), await seen(who)));
    const dragged = await ownPlace(page);
    // The replay goes on for the others; for this person it must not.
    for (let change = 0; change < 10; change++) {
      const now = JSON.stringify(await listed(page));
      await until('others move', async () => JSON.stringify(await listed(page)) !== now);
      const friend = await seen(who);
      assert.ok(!friend || isAt(dragged, friend), 'the replay moved somebody who is held');
    }
    await page.click('#let-go');
    await until('the replay moves them again', async () => !isAt(dragged, await seen(who)));
    assert.ok(await page.locator('#let-go').isHidden());
  });

  test('whoever leaves the page is replayed again', async () => {
    const who = await somebody();
    const page = await browser.open(demo, { at: `/#${who}` });
    await page.locator('#me-dot').waitFor();
    await drag(page, 20, 0);
    await until('a friend sees the new place', async () => isAt(await ownPlace(page), await seen(who)));
    const dragged = await ownPlace(page);
    await page.goto('about:blank');
    await until('the replay moves them again', async () => !isAt(dragged, await seen(who)));
  });

  test('where one was is shown, up to a moment that one chooses', async () => {
    const page = await browser.open(demo, { at: `/#${await somebody()}` });
    await page.locator('#me-dot').waitFor();
    const count = async () => Number(/^([\d,]+) points?, /.exec(await page.textContent('#track-said'))?.[1].replace(',', '') ?? 0);
    assert.ok(await page.locator('#when').isHidden());
    await until('there are points', async () => {
      await page.click('#track-show');
      return await count() > 3;
    });
    const last = await page.textContent('#when-shown');
    const first = await count();
    await until('the end goes on', async () => await count() > first && await page.textContent('#when-shown') !== last);
    await page.focus('#when');
    await page.keyboard.press('Home');
    const beginning = await page.textContent('#when-shown');
    assert.notEqual(beginning, last);
    const before = await count();
    await until('more points', async () => await count() > before);
    assert.equal(await page.textContent('#when-shown'), beginning, 'who chose a moment stays there');
    await page.click('#track-clear');
    assert.ok(await page.locator('#when').isHidden());
    assert.equal(await page.textContent('#track-said'), '');
  });

  test('a smaller radius makes far friends leave', async () => {
    const who = await somebody();
    const page = await browser.open(demo, { at: `/#${who}` });
    await until('far friends', async () =>
      Object.values(await listed(page)).some(distance => metres(distance) > 1_000));
    await page.focus('#radius');
    await page.keyboard.press('Home');
    await until('only those within the exit radius are left', async () =>
      Object.values(await listed(page)).every(distance => metres(distance) <= 120));
    assert.equal(await page.textContent('#radius-shown'), '100 m');
    await until('it is said who left', async () => (await page.textContent('#events')).includes('went too far'));
  });
});

describe('in an empty world', () => {
  let service;
  before(async () => { service = await Service.alone(); });
  after(() => service.stop());

  async function be(name, options) {
    const page = await browser.open(service, options);
    await page.fill('#new-name', name);
    await page.click('#be button');
    await until('live', async () => await page.textContent('#status') === 'live');
    return page;
  }

  test('two people become friends, see each other move, and sign off', async () => {
    const [anna, ben] = [await be('anna'), await be('ben')];
    await anna.click('#map', { position: { x: 400, y: 400 } });
    await ben.click('#map', { position: { x: 430, y: 380 } });
    await anna.fill('#friend-name', 'ben');
    await anna.click('#befriend button');
    await ben.click('#requests li[data-from=anna] button.strong');

    const distance = async (page, name) => metres((await until(name, async () => (await listed(page))[name])));
    // 30 and 20 pixels at 40 metres each.
    assert.ok(Math.abs(await distance(anna, 'ben') - Math.hypot(1_200, 800)) < 15);
    assert.equal(await distance(ben, 'anna'), await distance(anna, 'ben'));
    await until('the request is gone', async () => await ben.locator('#requests li').count() === 0);

    const before = await distance(anna, 'ben');
    await drag(ben, 60, 0);
    await until('anna sees ben move', async () => await distance(anna, 'ben') !== before);
    await ben.focus('#me-dot');
    const there = await distance(anna, 'ben');
    await ben.keyboard.press('ArrowRight');
    await until('keys move too', async () => await distance(anna, 'ben') !== there);

    await ben.click('#sign-off');
    await until('ben is gone', async () => Object.keys(await listed(anna)).length === 0);
    assert.match(await anna.textContent('#events'), /ben is gone/);
    await until('it is said', async () => /Signed off/.test(await ben.textContent('#me-how')));
    await ben.click('#map', { position: { x: 420, y: 380 } });
    await until('ben is back', async () => 'ben' in await listed(anna));
  });

  test('a request can be declined, and one to nobody is answered alike', async () => {
    const [cara, dan] = [await be('cara'), await be('dan')];
    for (const name of ['dan', 'nobody']) {
      await cara.fill('#friend-name', name);
      await cara.click('#befriend button');
      await until('asked', async () => await cara.textContent('#asked') === `Asked ${name}.`);
    }
    await dan.click('#requests li[data-from=cara] button:not(.strong)');
    await until('declined', async () => await dan.locator('#requests li').count() === 0);
    assert.equal(await dan.textContent('#elsewhere'), 'You have no friends yet.');
  });

  test('where another device of ours is, the page is told', async () => {
    const phone = await browser.open(service);
    await phone.evaluate(report, { user: 'me2', place: [36.16, -115.12], token: await service.token('me2') });
    const page = await browser.open(service, { at: '/#me2' });
    await until('told', async () => await page.getAttribute('#me-where', 'data-how') === 'told');
    const { latitude, longitude } = await ownPlace(page);
    assert.ok(Math.abs(latitude - 36.16) < 5e-5 && Math.abs(longitude + 115.12) < 5e-5, `${latitude}, ${longitude}`);

    await phone.evaluate(report, { user: 'me2', place: [36.165, -115.13], token: await service.token('me2') });
    await until('followed', async () => Math.abs((await ownPlace(page)).longitude + 115.13) < 5e-5);
    assert.ok(await page.locator('#let-go').isHidden());
  });

  test('everything fits on a phone', async () => {
    const page = await be('hana', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await page.tap('#map', { position: { x: 150, y: 200 } });
    await page.locator('#me-dot').waitFor();
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${wide} pixels in ${room}`);
  });

  test('a name that can not be is refused with its reason', async () => {
    const page = await browser.open(service, { at: '/' });
    await page.fill('#new-name', 'not a name');
    await page.click('#be button');
    assert.equal(await page.textContent('#status'), 'not connected');
  });
});

/** In a page of the service's origin: a phone that reports once. */
function report({ user, place: [latitude, longitude], token }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/v1/ws');
    socket.onclose = () => reject(new Error(`${user}'s phone was closed`));
    socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token }));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'welcome') {
        socket.send(JSON.stringify({ type: 'fix', device: 'phone', seq: Date.now(), latitude, longitude }));
      }
      if (message.type === 'ack') resolve();
    };
  });
}
