// What the tests stand on: a service of their own, a browser, and waiting with deadlines.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BINARY = path.resolve(ROOT, process.env.WHEREABOUTS_BIN ?? 'target/debug/whereabouts');
const CHROMIUM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Asks until the answer is truthy. */
export async function until(what, ask, deadline_ms = DEADLINE_MS) {
  const end = Date.now() + deadline_ms;
  let last;
  while (Date.now() < end) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`not within ${deadline_ms / 1000} s: ${what} (last: ${last})`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A running service, ready, with what the page itself may ask of it. */
export class Service {
  static demo(...more) {
    return Service.#start(['demo', ...more]);
  }

  static async alone() {
    const data = await mkdtemp(path.join(tmpdir(), 'whereabouts-browser-'));
    return Service.#start(['serve', '--dev', '--data', data], data);
  }

  static async #start(command, data) {
    const service = new Service();
    const port = await freePort();
    service.data = data;
    service.origin = `http://localhost:${port}`;
    const parameters = [...command, '--listen', `127.0.0.1:${port}`];
    service.process = spawn(BINARY, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaints = '';
    service.process.stderr.on('data', text => { complaints = (complaints + text).slice(-4_000); });
    const failed = new Promise((_, reject) => {
      service.process.on('error', error => reject(new Error(`${BINARY} doesn't start: ${error.message}`)));
      service.process.on('exit', code => reject(new Error(`the service ended (${code}): ${complaints}`)));
    });
    failed.catch(() => {});
    await Promise.race([failed, until('ready', async () => (await fetch(`${service.origin}/ready`)).ok)]);
    return service;
  }

  async stop() {
    if (this.process.exitCode === null) {
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    }
    if (this.data) await rm(this.data, { recursive: true, force: true });
  }

  async ask(method, path, body, token) {
    const headers = { 'content-type': 'application/json', ...token && { authorization: `Bearer ${token}` } };
    const response = await fetch(this.origin + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async token(user) {
    return (await this.ask('POST', '/dev/token', { user })).token;
  }

  /** Makes two people friends, as they would themselves. */
  async befriend(a, b) {
    const [tokenA, tokenB] = [await this.token(a), await this.token(b)];
    await this.ask('GET', '/v1/users/me', null, tokenB);
    await this.ask('POST', '/v1/users/me/friend-requests', { to: b }, tokenA);
    await this.ask('POST', `/v1/users/me/friend-requests/${a}/accept`, null, tokenB);
  }

  /** Who is near this person, as the service says. */
  async nearby(user) {
    return (await this.ask('GET', '/v1/friends/nearby', null, await this.token(user))).friends;
  }
}

/** A browser whose pages may not complain, nor talk to anybody but the service. */
export class Browser {
  static async launch() {
    const browser = new Browser();
    browser.faults = [];
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    browser.chromium = await chromium.launch({ executablePath: CHROMIUM, args });
    return browser;
  }

  /** A page of its own, at the service. What it asks for may be refused only if that is what the test is about. */
  async open(service, { at = '/', prepare = async () => {}, mayBeRefused = false, ...options } = {}) {
    const context = await this.chromium.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    const fault = text => this.faults.push(text);
    page.on('pageerror', error => fault(`exception: ${error.stack}`));
    page.on('console', message => {
      if (mayBeRefused && message.text().includes('status of 400')) return;
      if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`);
    });
    const leaves = url => !url.startsWith('data:') && new URL(url).host !== new URL(service.origin).host;
    page.on('request', request => { if (leaves(request.url())) fault(`request to ${request.url()}`); });
    page.on('websocket', socket => { if (leaves(socket.url())) fault(`socket to ${socket.url()}`); });
    await prepare(page);
    await page.goto(service.origin + at);
    return page;
  }

  /** Closes all pages. Answers what they did wrong. */
  async closePages() {
    for (const context of this.chromium.contexts()) await context.close();
    return this.faults.splice(0);
  }

  close() {
    return this.chromium.close();
  }
}

/** The list of friends as the page shows it: name → distance. */
export function listed(page) {
  return page.$$eval('#friends li', rows =>
    Object.fromEntries(rows.map(row => [row.dataset.friend, row.querySelector('.distance').textContent])));
}

/** A shown distance in metres. */
export function metres(text) {
  const [number, unit] = text.split(' ');
  return Number(number) * (unit === 'km' ? 1_000 : 1);
}

/** Where the page says that we are, in degrees, once it has painted what it knows by now. */
export async function ownPlace(page) {
  await page.evaluate(() => new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted))));
  const text = await page.textContent('#me-where');
  const found = /^([\d.]+)° ([NS]), ([\d.]+)° ([EW])$/.exec(text);
  if (!found) return null;
  return { latitude: found[1] * (found[2] === 'S' ? -1 : 1), longitude: found[3] * (found[4] === 'W' ? -1 : 1) };
}

/** Moves the own dot by so many pixels; once more if the replay moved it away from under the pointer. */
export async function drag(page, x, y) {
  const wasPlaced = await page.getAttribute('#me-dot', 'data-how') === 'placed';
  await until('the dot is dragged', async () => {
    const box = await page.locator('#me-dot').boundingBox();
    const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + x, from.y + y, { steps: 8 });
    await page.mouse.up();
    return wasPlaced || await page.locator('#let-go').isVisible();
  });
}
