// Drives the workbench of `npm start` as a person does: with mouse and keyboard, reading what the screen shows.

import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const screenshots = path.join(import.meta.dirname, 'screenshots');

/** How long the browser may take for one thing, in milliseconds: the page is large and the machine may be busy. */
const patience = 90_000;

interface Options {
  colorScheme?: 'dark' | 'light';
  /** A file of the folder to open. */
  file?: string;
  /** The settings of the folder. */
  settings?: Readonly<Record<string, unknown>>;
}

/** A word or passage on the screen, by its line's beginning (blanks in front aside). */
interface Place {
  line: string;
  word: string;
}

/** `it` for tests that share one workbench, in their order; a failed one leaves a picture. */
export function workbenchTest(options: Options = {}) {
  return test.extend<{ $file: { workbench: Workbench }; $test: { pictureOfFailure: undefined } }>({
    workbench: [async ({}, use) => {
      const workbench = await Workbench.open(options);
      await use(workbench);
      await workbench.close();
    }, { scope: 'file' }],
    pictureOfFailure: [async ({ workbench, task, onTestFailed }, use) => {
      onTestFailed(() => workbench.screenshot(`failed ${task.name.replaceAll(/\W+/g, ' ')}`));
      await use(undefined);
    }, { auto: true }],
  });
}

export class Workbench {
  private constructor(
    readonly page: Page,
    /** The opened folder: a copy of the examples. */
    readonly folder: string,
    private readonly browser: Browser,
    private readonly server: ChildProcess,
  ) {}

  /** Starts the server on a copy of the examples, and a browser on its page; resolves when the folder shows. */
  static async open({ colorScheme = 'dark', file, settings }: Options): Promise<Workbench> {
    const folder = path.join(await realpath(await mkdtemp(path.join(tmpdir(), 'nn-e2e-'))), 'examples');
    await cp(path.join(root, 'examples'), folder, { recursive: true });
    if (settings !== undefined) {
      await mkdir(path.join(folder, '.vscode'));
      await writeFile(path.join(folder, '.vscode/settings.json'), JSON.stringify(settings));
    }
    const server = spawn(process.execPath, [path.join(root, 'client/workbench/start.mjs'), folder, '--port', '0', '--no-build'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const address = await addressOf(server);
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    const page = await browser.newPage({ viewport: { width: 1440, height: 960 }, colorScheme });
    page.setDefaultTimeout(patience);
    const workbench = new Workbench(page, folder, browser, server);
    try {
      await page.goto(address);
      await workbench.explorerRow('exam.nn').waitFor();
      if (file !== undefined) await workbench.openFile(file);
    } catch (error) {
      await workbench.screenshot('failed to open');
      await workbench.close();
      throw error;
    }
    return workbench;
  }

  async close(): Promise<void> {
    await this.browser.close();
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill();
    await ended;
    await rm(path.dirname(this.folder), { recursive: true });
  }

  // Files

  /** Opens a file by a double click in the explorer. */
  async openFile(name: string): Promise<void> {
    await this.explorerRow(name).dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /** Saves with the keyboard; resolves when the tab says so. */
  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tab.active:not(.dirty)').waitFor();
  }

  /** What is on the disk. */
  async onDisk(name: string): Promise<string> {
    return await readFile(path.join(this.folder, name), 'utf8');
  }

  explorerRow(name: string): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name });
  }

  // Reading the editor

  /** Scrolls to a line (counted from 1) and puts the cursor there. */
  async goTo(line: number, column = 1): Promise<void> {
    await this.typeBehind('Control+G', `:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.statusbar-item', { hasText: `Ln ${line}, Col ${column}` }).first().waitFor();
  }

  /** Goes to the first line of the open file (as it is on the disk) that begins so; right behind `word`, if one is given. */
  async goToLine(beginning: string, word?: string): Promise<void> {
    await this.focusEditor();
    const name = await this.page.locator('.tab.active[data-resource-name$=".nn"]').getAttribute('data-resource-name');
    const lines = (await this.onDisk(name!)).split('\n');
    const index = lines.findIndex((line) => line.trimStart().startsWith(beginning));
    if (index < 0) throw new Error(`No line begins with "${beginning}"`);
    await this.goTo(index + 1, word === undefined ? 1 : lines[index]!.indexOf(word) + word.length + 1);
  }

  /** The lines on the screen from top to bottom, inlay hints included, as a person reads them. */
  async visibleLines(): Promise<string[]> {
    return await this.page.locator('.editor-instance .view-lines').first().evaluate((lines) => [...lines.querySelectorAll<HTMLElement>('.view-line')]
      .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
      .map((line) => line.innerText.replaceAll('\u00a0', ' ')));
  }

  /** The first line on the screen that begins so. */
  async visibleLine(beginning: string): Promise<string | undefined> {
    return (await this.visibleLines()).find((line) => line.trimStart().startsWith(beginning));
  }

  /** The colours in which a line's pieces are drawn, without repetition. */
  async coloursOf(beginning: string): Promise<string[]> {
    return await this.page.locator('.editor-instance .view-lines').first().evaluate((lines, beginning) => {
      const line = [...lines.querySelectorAll('.view-line')].find((candidate) => candidate.textContent.replaceAll('\u00a0', ' ').trimStart().startsWith(beginning));
      return [...new Set([...line?.querySelectorAll('span > span') ?? []].map((piece) => getComputedStyle(piece).color))];
    }, beginning);
  }

  /** Rests the mouse on a word and returns the text of the hover that appears. */
  async hover(place: Place): Promise<string> {
    const box = await this.boxOf(place);
    const content = this.page.locator('.monaco-resizable-hover .monaco-hover-content').first();
    let step = 0;
    await expect.poll(async () => {
      if (await content.isVisible()) return (await content.innerText()).trim();
      // A mouse that rests since before the server was ready asks for nothing: move it a little, every second.
      if (step++ % 20 === 0) await this.page.mouse.move(box.x + box.width / 2 + step % 3, box.y + box.height / 2);
      return '';
    }, { message: `a hover on ${place.word}` }).not.toMatch(/^(Loading\.\.\.)?$/);
    return (await content.innerText()).replaceAll('\u00a0', ' ');
  }

  /** Moves the mouse away, so that no hover covers the text. */
  async endHover(): Promise<void> {
    await this.page.mouse.move(5, 5);
    await this.page.locator('.monaco-resizable-hover').first().waitFor({ state: 'hidden' });
  }

  /** Whether a red line is under the word. */
  async hasErrorUnder(place: Place): Promise<boolean> {
    const word = await this.boxOf(place);
    const marks = await this.page.locator('.editor-instance .squiggly-error').evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().toJSON() as DOMRect));
    return marks.some((mark) => mark.x < word.x + word.width && word.x < mark.x + mark.width && mark.y < word.y + word.height && word.y < mark.y + mark.height);
  }

  // Code lenses

  /** The texts of the lenses right above a line, from left to right. */
  async lensesAbove(beginning: string): Promise<string[]> {
    const line = await this.boxOf({ line: beginning, word: beginning });
    const rows = await this.page.locator('.editor-instance .codelens-decoration').evaluateAll((elements) => (elements as HTMLElement[]).map((element) => ({
      bottom: element.getBoundingClientRect().bottom,
      texts: [...element.querySelectorAll<HTMLElement>('a, :scope > span:not(:has(a))')].map((lens) => lens.innerText.replaceAll('\u00a0', ' ').trim()).filter((text) => text !== '' && text !== '|'),
    })));
    return rows.find(({ bottom }) => Math.abs(bottom - line.y) < line.height / 2)?.texts ?? [];
  }

  /** Clicks the lens with this text above a line, once it is there; until what it opens is there, if that is known, since a click is lost while lenses move. */
  async clickLens(beginning: string, text: string | RegExp, opened?: Locator): Promise<void> {
    const click = async (): Promise<boolean> => {
      const line = await this.boxOf({ line: beginning, word: beginning });
      for (const lens of await this.page.locator('.editor-instance .codelens-decoration a', { hasText: text }).all()) {
        const box = await lens.boundingBox();
        if (box === null || Math.abs(box.y + box.height - line.y) > line.height / 2) continue;
        await this.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
        return true;
      }
      return false;
    };
    const isOpened = async (): Promise<boolean> => {
      if (await opened?.isVisible() === true) return true;
      const clicked = await click();
      return opened === undefined ? clicked : opened.waitFor({ timeout: 2000 }).then(() => true, () => false);
    };
    await expect.poll(isOpened, { message: `a lens ${String(text)} above ${beginning}` }).toBe(true);
  }

  // Panels and commands

  /** Where a command, a file or a line is typed. */
  quickInput(): Locator {
    return this.page.locator('.quick-input-widget .quick-input-filter input');
  }

  /** The rows of the Problems panel, opened if need be. */
  async problems(): Promise<string[]> {
    if (!await this.page.locator('.markers-panel').isVisible()) {
      await this.page.keyboard.press('Control+Shift+M');
      await this.page.locator('.markers-panel').waitFor();
    }
    return (await this.page.locator('.markers-panel .monaco-list-row').allInnerTexts()).map((row) => row.replace(/\s+/g, ' ').trim());
  }

  /** The text of the rendered Markdown page. */
  async renderedPage(): Promise<string> {
    return await this.page.frameLocator('iframe.webview').frameLocator('#active-frame').locator('.markdown-body').innerText();
  }

  /** Closes the panel below the editor. */
  async closePanel(): Promise<void> {
    await this.page.keyboard.press('Control+J');
    await this.page.locator('.markers-panel').waitFor({ state: 'hidden' });
  }

  /** Presses a key that opens where something is typed, and types it; once more where the focus has moved away meanwhile. */
  private async typeBehind(key: string, text: string): Promise<void> {
    const typed = async (): Promise<boolean> => {
      await this.page.keyboard.press(key);
      return this.quickInput().fill(text, { timeout: 2000 }).then(() => true, () => false);
    };
    await expect.poll(typed, { message: `${key} and ${text}` }).toBe(true);
  }

  /** Runs a command from the palette by its full title. */
  async command(title: string): Promise<void> {
    await this.typeBehind('F1', `>${title}`);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
  }

  /** Closes what stands beside the first editor, so that its lines have the whole width. */
  async closeBeside(): Promise<void> {
    await this.focusEditor();
    await this.command('View: Close Editors in Other Groups');
    await expect.poll(() => this.page.locator('.editor-group-container').count()).toBe(1);
  }

  /** The states of the tests whose signs stand beside the lines on the screen: `passed`, `failed` … */
  async testSigns(): Promise<string[]> {
    const classes = await this.page.locator('.editor-instance .testing-run-glyph').evaluateAll((signs) => signs.map((sign) => sign.className));
    return classes.map((names) => /codicon-testing-([a-z]+)-icon/.exec(names)?.[1] ?? '');
  }

  /** Applies a fix of the line where the cursor stands. */
  async quickFix(title: string): Promise<void> {
    await this.page.keyboard.press('Control+.');
    await this.choose(title);
  }

  /** Chooses from the menu of code actions with the keyboard; keeps a picture of the menu, if it has a name. */
  async choose(title: string, picture?: string): Promise<void> {
    const row = this.page.locator('.action-widget .monaco-list-row', { hasText: title });
    await row.waitFor();
    if (picture !== undefined) await this.screenshot(picture);
    for (let moves = 0; moves < 20 && !/\bfocused\b/.test(await row.getAttribute('class') ?? ''); moves++) await this.page.keyboard.press('ArrowDown');
    await this.page.keyboard.press('Enter');
  }

  /** Chooses from the list that a command has opened. */
  async pick(label: string): Promise<void> {
    await this.quickInput().fill(label);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first().click();
  }

  /** Puts the keyboard into the first editor. */
  async focusEditor(): Promise<void> {
    // A rendered page may have the keyboard, and keep it.
    await this.page.locator('.editor-group-container').first().locator('.tab.active').click();
    await this.page.keyboard.press('Control+1');
  }

  /** Keeps a picture of the window. */
  async screenshot(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`), animations: 'disabled' });
  }

  /** Where a passage is on the screen; waits until it is. */
  private async boxOf({ line, word }: Place): Promise<DOMRect> {
    const find = () => this.page.locator('.editor-instance .view-lines').first().evaluate((lines, { line, word }) => {
      const plain = (text: string | null) => (text ?? '').replaceAll('\u00a0', ' ');
      const element = [...lines.querySelectorAll('.view-line')].find((candidate) => plain(candidate.textContent).trimStart().startsWith(line));
      if (element === undefined) return undefined;
      const start = plain(element.textContent).indexOf(word);
      if (start < 0) return undefined;
      const range = document.createRange();
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      let offset = 0;
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const length = node.textContent?.length ?? 0;
        if (start >= offset && start < offset + length) range.setStart(node, start - offset);
        if (start + word.length > offset && start + word.length <= offset + length) range.setEnd(node, start + word.length - offset);
        offset += length;
      }
      return range.getBoundingClientRect().toJSON() as DOMRect;
    }, { line, word });
    let box: DOMRect | undefined;
    await expect.poll(async () => (box = await find()), { message: `"${word}" in a line "${line}…" on the screen` }).toBeDefined();
    return box!;
  }
}

/** The line with the address, which the server prints when it is ready. */
async function addressOf(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    if (/^http:\/\/127\.0\.0\.1:\d+\/$/.test(line)) return line;
  }
  throw new Error('The server ended before it printed its address');
}
