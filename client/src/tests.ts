// The Test Explorer: the asserts and the gradient check of each model as tests, in step with the text.

import {
  type CancellationToken, Disposable, Location, Range, RelativePattern, type TestItem, TestMessage, type TestRun, type TestRunRequest, TestRunProfileKind, tests, Uri, workspace,
} from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { asRange } from './commands';
import { requests, type RunTestsParams, type TestGroupEntry, type TestResultEntry } from './protocol';

/** Files that are looked for; more would be no help in a list. */
const mostFiles = 5_000;

/** What an item stands for: a file, a model of one (none for the file's own asserts), or a test. */
type Subject = { readonly kind: 'file' } | { readonly kind: 'group'; readonly model: string | null; readonly content: string } | { readonly kind: 'test'; readonly needsCheck: boolean };

export class Tests implements Disposable {
  private readonly controller = tests.createTestController('nn', 'Neural networks');
  private readonly subjects = new WeakMap<TestItem, Subject>();
  private readonly listeners: Disposable[];

  constructor(private readonly client: BaseLanguageClient) {
    this.controller.createRunProfile('Check', TestRunProfileKind.Run, (request, token) => this.run(request, token), true);
    this.controller.resolveHandler = async (item) => { await (item === undefined ? this.findFiles() : this.load(item)); };
    this.controller.refreshHandler = () => this.findFiles();
    this.listeners = [workspace.onDidDeleteFiles(({ files }) => { for (const uri of files) this.controller.items.delete(uri.toString()); })];
  }

  dispose(): void {
    for (const listener of [...this.listeners, this.controller]) listener.dispose();
  }

  /** Brings the tests of a document into step with what the server knows of it. */
  async refresh(uri: string): Promise<void> {
    await this.update(this.fileItem(this.client.protocol2CodeConverter.asUri(uri)));
  }

  private async findFiles(): Promise<void> {
    for (const folder of workspace.workspaceFolders ?? []) {
      for (const uri of await workspace.findFiles(new RelativePattern(folder, '**/*.nn'), '**/node_modules/**', mostFiles)) this.fileItem(uri);
    }
  }

  private fileItem(uri: Uri): TestItem {
    const id = uri.toString();
    const known = this.controller.items.get(id);
    if (known !== undefined) return known;
    const item = this.controller.createTestItem(id, workspace.asRelativePath(uri), uri);
    item.canResolveChildren = true;
    this.subjects.set(item, { kind: 'file' });
    this.controller.items.add(item);
    return item;
  }

  /** The tests of a file that may not be open: the server knows what the editor has opened. */
  private async load(item: TestItem): Promise<void> {
    if (item.uri === undefined || this.subjects.get(item)?.kind !== 'file') return;
    await workspace.openTextDocument(item.uri);
    await this.update(item);
  }

  private async update(file: TestItem): Promise<void> {
    const groups = await this.client.sendRequest<TestGroupEntry[]>(requests.tests, { uri: this.client.code2ProtocolConverter.asUri(file.uri!) });
    file.canResolveChildren = groups.length === 0;
    file.children.replace(groups.map((group) => this.groupItem(file, group)));
  }

  private groupItem(file: TestItem, { model, range, content, tests: cases }: TestGroupEntry): TestItem {
    const id = model === null ? 'asserts of the file' : `model ${model}`;
    const known = file.children.get(id);
    const before = known && this.subjects.get(known);
    const item = known ?? this.controller.createTestItem(id, model ?? 'Asserts of the file', file.uri);
    item.range = asRange(range);
    this.subjects.set(item, { kind: 'group', model, content });
    item.children.replace(cases.map(({ id: testId, label, uri, range: place, needsCheck }) => {
      const test = item.children.get(testId) ?? this.controller.createTestItem(testId, label, this.client.protocol2CodeConverter.asUri(uri));
      test.range = asRange(place);
      this.subjects.set(test, { kind: 'test', needsCheck });
      return test;
    }));
    // What was found out about another model is shown in grey.
    if (before?.kind === 'group' && before.content !== content) this.controller.invalidateTestResults(item);
    return item;
  }

  private async run(request: TestRunRequest, token: CancellationToken): Promise<void> {
    if (request.include === undefined) await this.findFiles();
    const run = this.controller.createTestRun(request);
    const excluded = new Set(request.exclude ?? []);
    const chosen = request.include ?? [...this.controller.items].map(([, item]) => item);
    const wanted = new Map<TestItem, TestItem[]>();
    for (const item of chosen) await this.collect(item, excluded, wanted);
    for (const items of wanted.values()) for (const item of items) run.enqueued(item);
    // All at once: the server has the queue.
    await Promise.all([...wanted].map(([group, items]) => this.runGroup(group, items, run, token)));
    run.end();
  }

  /** The tests in an item by their groups. */
  private async collect(item: TestItem, excluded: ReadonlySet<TestItem>, wanted: Map<TestItem, TestItem[]>): Promise<void> {
    if (excluded.has(item)) return;
    const subject = this.subjects.get(item);
    if (subject?.kind === 'test' && item.parent !== undefined) {
      wanted.set(item.parent, [...(wanted.get(item.parent) ?? []), item]);
      return;
    }
    if (subject?.kind === 'file') await this.load(item);
    for (const [, child] of item.children) await this.collect(child, excluded, wanted);
  }

  /** What sizes decide is told at once; the rest waits for the gradient check. */
  private async runGroup(group: TestItem, items: readonly TestItem[], run: TestRun, token: CancellationToken): Promise<void> {
    const subject = this.subjects.get(group);
    if (subject?.kind !== 'group') return;
    const uri = this.client.code2ProtocolConverter.asUri(group.uri!);
    const needsCheck = (item: TestItem): boolean => {
      const test = this.subjects.get(item);
      return test?.kind === 'test' && test.needsCheck;
    };
    for (const some of [items.filter((item) => !needsCheck(item)), items.filter(needsCheck)]) {
      if (some.length > 0) await this.runSome({ uri, model: subject.model, ids: some.map(({ id }) => id) }, some, run, token);
    }
  }

  private async runSome(parameters: RunTestsParams, items: readonly TestItem[], run: TestRun, token: CancellationToken): Promise<void> {
    if (token.isCancellationRequested) return;
    for (const item of items) run.started(item);
    try {
      const results = await this.client.sendRequest<TestResultEntry[]>(requests.runTests, parameters, token);
      const byId = new Map(results.map((result) => [result.id, result]));
      for (const item of items) this.report(item, byId.get(item.id), run);
    } catch (error) {
      for (const item of items) if (token.isCancellationRequested) run.skipped(item); else run.errored(item, new TestMessage(String(error)));
    }
  }

  private report(item: TestItem, result: TestResultEntry | undefined, run: TestRun): void {
    const milliseconds = result?.seconds === undefined ? undefined : result.seconds * 1000;
    const messages = (result?.messages ?? []).map((message) => this.toMessage(message, item));
    run.appendOutput(lineOf(item, result), undefined, item);
    switch (result?.outcome) {
      case 'passed':
        run.passed(item, milliseconds);
        break;
      case 'failed':
        run.failed(item, messages, milliseconds);
        break;
      case 'errored':
        run.errored(item, messages, milliseconds);
        break;
      default:
        run.skipped(item);
    }
  }

  private toMessage({ text, expected, actual, location }: TestResultEntry['messages'][number], item: TestItem): TestMessage {
    const message = expected === undefined || actual === undefined ? new TestMessage(text) : TestMessage.diff(text, expected, actual);
    message.location = location === undefined
      ? new Location(item.uri!, item.range ?? new Range(0, 0, 0, 0))
      : new Location(this.client.protocol2CodeConverter.asUri(location.uri), asRange(location.range));
    return message;
  }
}

const signs = { passed: '✓', failed: '✗', errored: '✗', skipped: '–' } as const;

/** What the results show of a test: its model, what it asserts, and what was found out. */
function lineOf(item: TestItem, result: TestResultEntry | undefined): string {
  const found = (result?.output ?? result?.messages.map(({ text }) => text).join('; ') ?? '').replace(/^[✓✗] /, '');
  const name = item.parent === undefined ? item.label : `${item.parent.label} · ${item.label}`;
  return `${signs[result?.outcome ?? 'skipped']} ${name}${found === '' ? '' : `: ${found}`}\r\n`;
}
