// `# nn: ignore CODE`: what it silences, and that it says so where it silences nothing.

import { describe, expect, it } from 'vitest';
import { ignoreActions } from '../../server/src/features/code-actions';
import { diagnosticsOf } from '../../server/src/features/diagnostics';
import { formatting } from '../../server/src/features/formatting';
import { applied } from '../../server/src/features/text-edits';
import { documentOf } from '../support/fixture';

function codesIn(lines: readonly string[]): readonly string[] {
  const document = documentOf(['model M {', '  input x: [3, 32, 32]', ...lines, '}', ''].join('\n'));
  return diagnosticsOf(document).map(({ code, span }) => `${String(document.lines.position(span.start).line - 1)} ${code}`);
}

describe('an ignore', () => {
  it('silences its code on its line', () => {
    expect(codesIn(['  MaxPool2d(3, stride = 2)'])).toEqual(['1 unread-border']);
    expect(codesIn(['  MaxPool2d(3, stride = 2)  # nn: ignore unread-border'])).toEqual([]);
  });

  it('on a line of its own speaks of the next line with code', () => {
    expect(codesIn(['  # nn: ignore unread-border', '  # since the border is black', '', '  MaxPool2d(3, stride = 2)'])).toEqual([]);
  });

  it('on a line of its own speaks of the whole statement below, however many lines that has', () => {
    const ignored = '  # nn: ignore unread-border';
    expect(codesIn([ignored, '  y = x -> ReLU', '    -> MaxPool2d(', '      3, stride = 2)', '  MaxPool2d(3, stride = 2)', '  output y'])).toEqual(['5 unread-border']);
    expect(codesIn([ignored, '', '  # halves', '  concat {', '    MaxPool2d(3, stride = 2)', '  }'])).toEqual(['1 unused-ignore', '5 unread-border']);
    expect(codesIn(['  concat {', ignored, '    ReLU', '      -> MaxPool2d(3, stride = 2)', '  }'])).toEqual([]);
    expect(codesIn(['  ReLU  # nn: ignore unread-border', '    -> MaxPool2d(3, stride = 2)'])).toEqual(['1 unused-ignore', '2 unread-border']);
  });

  it('above a stack or model speaks of its first line', () => {
    const found = diagnosticsOf(documentOf('# nn: ignore unread-border\nmodel M { input x: [3, 32, 32]\n  MaxPool2d(3, stride = 2) }\n# nn: ignore unread-border\nmodel N { input x: [3, 32, 32]; MaxPool2d(3, stride = 2) }\n'));
    expect(found.map(({ code }) => code)).toEqual(['unused-ignore', 'unread-border']);
  });

  it('may name several codes, and all values that arguments do not take at once', () => {
    expect(codesIn(['  Conv2d(0, 3); Lineer  # nn: ignore invalid-argument, unknown-name'])).toEqual([]);
    expect(codesIn(['  Conv2d(0, 3)  # nn: ignore invalid-out-channels'])).toEqual([]);
  });

  it('leaves other lines and other codes alone', () => {
    expect(codesIn(['  # nn: ignore unread-border', '  MaxPool2d(3, stride = 2)', '  MaxPool2d(2)'])).toEqual(['3 unread-border']);
  });

  it('that silences nothing is a hint, with the nearest code and the way to remove it', () => {
    const document = documentOf('model M {\n  input x: [3, 32, 32]\n  MaxPool2d(3, stride = 2)  # nn: ignore unread-boarder, unread-border, no-effect\n}\n');
    const found = diagnosticsOf(document);
    expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'hint: there is no diagnostic unread-boarder; did you mean unread-border?',
      'hint: there is no no-effect here to ignore',
    ]);
    const mended = found.map(({ fixes }) => {
      const { span, text } = fixes!.at(-1)!.edits[0]!;
      return (document.text.slice(0, span.start) + text + document.text.slice(span.end)).split('\n')[2];
    });
    expect(mended).toEqual(['  MaxPool2d(3, stride = 2)  # nn: ignore unread-border, no-effect', '  MaxPool2d(3, stride = 2)  # nn: ignore unread-boarder, unread-border']);
  });

  it.each([
    ['a line without a comment', '  MaxPool2d(3, stride = 2)', '  MaxPool2d(3, stride = 2)  # nn: ignore unread-border'],
    ['a line that ignores another', '  MaxPool2d(3, stride = 2)  # nn: ignore no-effect', '  MaxPool2d(3, stride = 2)  # nn: ignore no-effect, unread-border'],
    ['a line that says why it ignores another', '  MaxPool2d(3, stride = 2)  # nn: ignore no-effect -- why', '  MaxPool2d(3, stride = 2)  # nn: ignore no-effect, unread-border -- why'],
    ['a line with another comment', '  MaxPool2d(3, stride = 2)  # halves', '  # nn: ignore unread-border\n  MaxPool2d(3, stride = 2)  # halves'],
  ])('is written to %s', (_, line, ignored) => {
    const document = documentOf(`model M {\n  input x: [3, 32, 32]\n${line}\n}\n`);
    const [action] = ignoreActions(document, diagnosticsOf(document).filter(({ code }) => code === 'unread-border'), { start: 0, end: document.text.length });
    const text = applied(document.text, action!.edits);
    expect(text).toBe(`model M {\n  input x: [3, 32, 32]\n${ignored}\n}\n`);
    expect(diagnosticsOf(documentOf(text)).map(({ code }) => code)).not.toContain('unread-border');
    expect(formatting(documentOf(text))).toBeUndefined();
  });

  it('is not offered for errors, nor for ignores that silence nothing', () => {
    const document = documentOf('model M {\n  input x: [3, 32, 32]\n  Conv2d(0, 3)\n  ReLU  # nn: ignore no-effect\n}\n');
    const diagnostics = diagnosticsOf(document);
    expect(diagnostics.map(({ code }) => code).sort()).toEqual(['invalid-out-channels', 'unused-ignore']);
    expect(ignoreActions(document, diagnostics, { start: 0, end: document.text.length })).toEqual([]);
  });

  it('alone is removed with its comment', () => {
    const document = documentOf('let a = 3  # nn: ignore no-effect\n');
    const { span } = diagnosticsOf(document)[0]!.fixes![0]!.edits[0]!;
    expect(document.text.slice(span.start, span.end)).toBe('  # nn: ignore no-effect');
  });
});

describe('a comment that ignores', () => {
  const hints = (text: string): readonly string[] => diagnosticsOf(documentOf(text)).map(({ code, message }) => (code === 'unused-ignore' ? message : code));
  const model = (comment: string): string => `model M {\n  input x: [3, 8, 8]\n  Conv2d(8, 3)  # nn: ignore ${comment}\n  BatchNorm2d\n}\n`;

  it.each(['bias-before-norm -- measured, no effect', 'bias-before-norm — measured', 'bias-before-norm: as in the paper', 'bias-before-norm (as in the paper)', 'bias-before-norm as in the paper'])('may say why: %s', (comment) => {
    expect(hints(model(comment))).toEqual([]);
  });

  it('is told of each code that does not exist', () => {
    expect(hints(model('bias-before-norm, nowhere'))).toEqual(['there is no diagnostic nowhere']);
    expect(hints(model('bias-before-nrom'))).toEqual(['bias-before-norm', 'there is no diagnostic bias-before-nrom; did you mean bias-before-norm?']);
  });

  it('is told to name a code', () => {
    expect(hints(model(''))).toEqual(['bias-before-norm', 'an ignore names what it silences, as in `# nn: ignore bias-before-norm`']);
  });

  it('goes with its line where it has one', () => {
    const text = 'model M {\n  input x: [3]\n  # nn: ignore bias-before-norm\n  ReLU\n}\n';
    const [unused] = diagnosticsOf(documentOf(text));
    expect(applied(text, unused!.fixes![0]!.edits)).toBe('model M {\n  input x: [3]\n  ReLU\n}\n');
  });
});
