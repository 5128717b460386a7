// What the page shows of the real businesses around a place.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Browser, Service, ownPlace, until } from './world.mjs';

const ALL = 65_087;
/** The middle of the map, where the page begins. */
const MIDDLE = { x: 470, y: 400 };
const START = { latitude: '36.170000', longitude: '-115.140000' };
const WORLD = 'south=-90&west=-180&north=90&east=180';

let browser;
let demo;
let token;
before(async () => {
  [browser, demo] = await Promise.all([Browser.launch(), Service.demo('--speed', '20')]);
  token = await demo.token('somebody');
  await until('all businesses are there', async () => {
    const { cells } = await demo.ask('GET', `/v1/search/density?${WORLD}`, null, token);
    return cells.reduce((sum, cell) => sum + cell.businesses, 0) === ALL;
  });
});
after(async () => { await browser.close(); await demo.stop(); });
afterEach(async () => assert.deepEqual(await browser.closePages(), [], 'what pages did wrong'));

/** What the service finds where the page begins. */
function search(radius, category) {
  const query = new URLSearchParams({ ...START, radius, limit: 100, total: true, ...category && { category } });
  return demo.ask('GET', `/v1/search/nearby?${query}`, null, token);
}

/** The page as nobody, who looks around. */
async function open(options) {
  const page = await browser.open(demo, options);
  await until('one may be somebody', async () => await page.locator('#who option').count() > 1);
  await page.selectOption('#who', '');
  await until('nobody', async () => /Choose whom to be/.test(await page.textContent('#hint')));
  return page;
}

const places = page => page.$$eval('#places li', rows => rows.map(row => row.querySelector('.name').textContent));

/** The page shows what the service finds. The nearest may be the same as before; how many there are in all isn't. */
async function shows(page, { businesses, total }) {
  const names = businesses.map(business => business.name).join();
  const count = total.toLocaleString('en');
  const counts = said => total > businesses.length ? said.includes(`of ${count} within`) : said.startsWith(`${count} within`);
  await until('it is listed', async () =>
    (await places(page)).join() === names && counts(await page.textContent('#found')));
}

test('a click lists what is around it, by radius and category, until it is cleared', async () => {
  const page = await open();
  await page.selectOption('#look-radius', '500');
  await page.click('#map', { position: MIDDLE });
  const near = await search(500);
  assert.ok(near.total > 10, `${near.total}`);
  await shows(page, near);
  const distances = await page.$$eval('#places .distance', all => all.map(it => it.textContent));
  assert.equal(distances[0], `${Math.round(near.businesses[0].distance_m)} m`);

  await page.selectOption('#look-radius', '2000');
  await shows(page, await search(2_000));
  const kind = (await page.$$eval('#places .quiet', all => all.map(it => it.textContent)))[0];
  const group = kind.split(' / ')[0];
  for (const category of [kind, group]) {
    assert.equal(await page.locator(`#look-categories option[value="${category}"]`).count(), 1, category);
    await page.fill('#look-category', category);
    const asked = [];
    const listen = request => { if (request.url().includes('/v1/search/nearby')) asked.push(request.url()); };
    page.on('request', listen);
    await page.keyboard.press('Enter');
    await shows(page, await search(2_000, category));
    page.off('request', listen);
    assert.equal(asked.length, 1, 'Enter asks once');
  }
  await page.click('#look-clear');
  assert.equal(await page.textContent('#found'), '');
  assert.deepEqual(await places(page), []);
});

test('a mistyped category is told', async () => {
  const page = await open({ mayBeRefused: true });
  await page.click('#map', { position: MIDDLE });
  await shows(page, await search(1_000));
  await page.fill('#look-category', 'No such thing');
  await page.keyboard.press('Enter');
  const told = async () => (await page.textContent('#found')).includes('no business has this category');
  await until('it is told', told);
  assert.ok(await page.locator('#places').isHidden());
});

test('without a mouse the middle of the map is looked around', async () => {
  const page = await open();
  await page.selectOption('#look-radius', '1000');
  await page.focus('#look-category');
  await page.keyboard.press('Enter');
  await shows(page, await search(1_000));
});

test('looking around moves nobody, unless they say so', async () => {
  const { people } = await demo.ask('GET', '/dev/people');
  const who = await until('somebody is somewhere', async () => {
    for (const person of people) if ((await demo.nearby(person)).length > 0) return person;
  });
  const page = await browser.open(demo, { at: `/#${who}` });
  await page.locator('#me-dot').waitFor();
  await page.click('#map', { position: { x: 200, y: 200 } });
  await until('found', async () => /within 1 km/.test(await page.textContent('#found')));
  assert.ok(await page.locator('#let-go').isHidden());

  await page.click('#be-here');
  await until('moved', async () => await page.locator('#let-go').isVisible());
  const here = await ownPlace(page);
  await page.click('#look-clear');
  assert.deepEqual(await ownPlace(page), here);
});

test('names of businesses are text', async () => {
  const name = '<img src=x onerror=alert(1)>';
  const business = { id: '1', distance_m: 1, name, position: { latitude: 36.17, longitude: -115.14 }, categories: [name] };
  const body = JSON.stringify({ businesses: [business], total: 1_234 });
  const answer = route => route.fulfill({ status: 200, contentType: 'application/json', body });
  const page = await open({ prepare: page => page.route('**/v1/search/nearby?*', answer) });
  await page.click('#map', { position: MIDDLE });
  await until('listed', async () => (await places(page))[0] === name);
  assert.equal(await page.textContent('#found'), 'The nearest 1 of 1,234 within 1 km');
  assert.equal(await page.locator('img').count(), 0);
});
