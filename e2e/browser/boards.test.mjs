// The board that the page watches: it moves under one's eyes, and shows what the service says.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Browser, Service, until } from './world.mjs';

const BOARD = 'fantasy';

let browser;
let demo;
before(async () => { [browser, demo] = await Promise.all([Browser.launch(), Service.demo('--speed', '20')]); });
after(async () => { await browser.close(); await demo.stop(); });
afterEach(async () => assert.deepEqual(await browser.closePages(), [], 'what pages did wrong'));

/** What the page shows: who, with which rank and score, by place. */
const shown = page => page.$$eval('#standings li', rows => rows.map(row => ({
  place: Number(row.dataset.place), user: row.dataset.user, name: row.querySelector('.name').textContent,
  rank: row.querySelector('.rank').textContent, score: row.querySelector('.score').textContent,
  is_own: row.classList.contains('own'),
})));

test('the demo plays a season, and whoever one is sees themselves among the players', async () => {
  const { people } = await demo.ask('GET', '/dev/people');
  const page = await browser.open(demo, { at: `/#${people[0]}` });
  await until('some have scored', async () => (await shown(page)).length >= 10);
  const first = JSON.stringify(await shown(page));
  await until('it moves', async () => JSON.stringify(await shown(page)) !== first);
  const token = await demo.token(people[0]);
  await until('it shows what the service says', async () => {
    const [{ standings }, rows] = await Promise.all([
      demo.ask('GET', `/v1/scores?board=${BOARD}`, null, token), shown(page)]);
    const top = rows.slice(0, 10);
    return top.length === 10 && standings.every((standing, n) => standing.user === top[n].user
      && top[n].name === (standing.display_name ?? standing.user)
      && top[n].rank === standing.rank.toLocaleString('en') && top[n].score === standing.score.toLocaleString('en'));
  });
  await until('one has scored', async () => (await shown(page)).some(row => row.user === people[0] && row.is_own));
  assert.match(await page.textContent('#board-count'), /^[\d,]+ players$/);
});

test('another board can be watched, and one that there is not is said', async () => {
  const { people } = await demo.ask('GET', '/dev/people');
  const page = await browser.open(demo, { at: `/#${people[1]}` });
  await until('the board is there', async () => (await shown(page)).length > 0);
  await page.fill('#board-name', 'nothing');
  await page.press('#board-name', 'Enter');
  await until('it is said', async () => await page.textContent('#board-said') === 'There is no such board.');
  assert.deepEqual(await shown(page), []);
  await page.fill('#board-name', BOARD);
  await page.press('#board-name', 'Enter');
  await until('the board is there again', async () => (await shown(page)).length > 0);
});
