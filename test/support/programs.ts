// Generated texts that mean something: stacks and models over small maps, of every kind of statement, with comments in between.

import fc from 'fast-check';

/** What chance decides, one number after the other. */
class Chance {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  below(count: number): number {
    return (this.numbers[this.at++ % this.numbers.length]! + this.at) % count;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  one(of: number): boolean {
    return this.below(of) === 0;
  }
}

/** What is known at a place of a body: the channels of the flow, as they are written, and the tensors that have names. */
interface Here {
  readonly channels: string;
  readonly tensors: readonly { readonly name: string; readonly channels: string }[];
  readonly depth: number;
  /** What may be applied: stacks with one argument for their channels. */
  readonly stacks: readonly string[];
}

class Writer {
  private names = 0;
  private comments = 0;
  /** The stacks that take two tensors. */
  private readonly pairs = new Set<string>();

  constructor(private readonly chance: Chance) {}

  file(): string {
    const stacks: string[] = [];
    const parts: string[] = [];
    for (let count = this.chance.below(3); count > 0; count--) {
      const name = `Stack${String(stacks.length)}`;
      parts.push(this.stack(name, stacks));
      stacks.push(name);
    }
    parts.push(this.model('Main', stacks));
    return `let width = 4\n\n${parts.join('\n\n')}\n`;
  }

  private fresh(stem: string): string {
    return `${stem}${String(++this.names)}`;
  }

  private stack(name: string, stacks: readonly string[]): string {
    const here: Here = { channels: 'n', tensors: [], depth: 0, stacks };
    const lines: string[] = [];
    const sort = this.chance.below(4);
    if (sort === 0) lines.push('input a: [c, h, w]', 'first = a -> Conv2d(n, 1)', 'first');
    else if (sort === 1) lines.push('Conv2d(n, k, padding = k // 2)');
    else if (sort === 2) lines.push('input a', 'a -> Conv2d(n, 1)');
    else lines.push('input a', 'input b', 'a -> Conv2d(n, 1)');
    const { lines: body, here: end } = this.statements(sort === 0 ? { ...here, tensors: [{ name: 'first', channels: 'n' }] } : here, 1 + this.chance.below(3));
    lines.push(...body);
    if (this.chance.one(3)) lines.push('if k > 1 { Conv2d(n, 1) } else { Conv2d(n, 1); Tanh }');
    else if (end.channels !== 'n') lines.push('Conv2d(n, 1)');
    if (this.chance.one(5)) lines.splice(-1, 0, `output ${this.fresh('early')}`);
    const ends = this.chance.below(6);
    if (ends === 0) lines.push(`output ${this.fresh('out')}`);
    if (ends === 1) lines.push('assert k >= 1');
    if (ends === 2) lines.push('param scale: [n, 1, 1]', 'last = { input z; z * scale }', 'last');
    if (sort === 3) this.pairs.add(name);
    return this.declaration(`stack ${name}(n, k = 3)`, lines);
  }

  private model(name: string, stacks: readonly string[]): string {
    const here: Here = { channels: '4', tensors: [{ name: 'x', channels: '4' }], depth: 0, stacks };
    const { lines } = this.statements(here, 3 + this.chance.below(4));
    const ends = this.chance.below(4);
    if (ends === 0) lines.push('output result');
    if (ends === 1) lines.push('Flatten', 'Linear(2)', 'assert params() > 0');
    return this.declaration(`model ${name}`, ['input x: [4, 6, 6]', ...lines]);
  }

  private declaration(header: string, lines: readonly string[]): string {
    return `${this.chance.one(3) ? `## What ${header.split(/[ (]/)[1]!} is.\n` : ''}${header} ${this.block(lines)}`;
  }

  /** A body over several lines, with comments, or on one line. */
  private block(lines: readonly string[]): string {
    if (lines.length < 4 && !lines.some((line) => line.includes('\n')) && this.chance.one(2)) return `{ ${lines.join('; ')} }`;
    const written = lines.map((line) => {
      const own = this.chance.one(9) ? `# remark ${String(++this.comments)}\n` : '';
      const behind = this.chance.one(9) ? `  # note ${String(++this.comments)}` : '';
      return `${own}${line}${behind}`;
    });
    return `{\n${written.join('\n').replace(/^/gm, '  ')}\n}`;
  }

  private statements(before: Here, count: number): { readonly lines: string[]; readonly here: Here } {
    const lines: string[] = [];
    let here = before;
    for (let made = 0; made < count; made++) {
      const next = this.statement(here);
      lines.push(...next.lines);
      here = next.here;
    }
    return { lines, here };
  }

  private convolution(channels: string): string {
    return this.chance.pick([`Conv2d(${channels}, 3, padding = 1)`, `Conv2d(${channels}, 1)`, `Conv2d(${channels}, 3, padding = "same", bias = false)`]);
  }

  private width(here: Here): string {
    return this.chance.pick(['4', '6', 'width', '2 * width', here.channels]);
  }

  private activation(): string {
    return this.chance.pick(['ReLU', 'Tanh', 'GELU()', 'LeakyReLU(0.2)', 'relu']);
  }

  /** Statements that keep the channels, for the bodies of loops and residual blocks. */
  private keeping(here: Here, count: number): readonly string[] {
    const inner = this.statements({ ...here, depth: here.depth + 1 }, count);
    return [...inner.lines, this.convolution(here.channels)];
  }

  private statement(here: Here): { readonly lines: readonly string[]; readonly here: Here } {
    const same = (...lines: readonly string[]): ReturnType<Writer['statement']> => ({ lines, here });
    const kinds = here.depth > 1 ? 4 : 17;
    switch (this.chance.below(kinds)) {
      case 0: {
        const channels = this.width(here);
        return { lines: [this.convolution(channels)], here: { ...here, channels } };
      }
      case 1:
        return same(this.activation());
      case 2: {
        const channels = this.width(here);
        return { lines: [`${this.convolution(channels)} -> ${this.activation()}`], here: { ...here, channels } };
      }
      case 3:
        return same(this.convolution(here.channels), this.activation());
      case 4:
        return same(`residual ${this.block(this.keeping(here, this.chance.below(2)))}`);
      case 5:
        return same(`repeat ${this.chance.pick(['2', '3'])} ${this.block(this.keeping(here, this.chance.below(2)))}`);
      case 6: {
        const name = this.fresh('n');
        return { lines: [`for ${name} in [4, 6, 8] ${this.block([this.convolution(name), this.activation()])}`], here: { ...here, channels: '8' } };
      }
      case 7: {
        const [n, k] = [this.fresh('n'), this.fresh('k')];
        return { lines: [`for ${n}, ${k} in zip([4, 6], [1, 3]) ${this.block([`Conv2d(${n} + ${k}, ${k}, padding = ${k} // 2)`])}`], here: { ...here, channels: '9' } };
      }
      case 8: {
        const name = this.fresh('y');
        const from = this.chance.pick([...here.tensors, undefined]);
        if (from === undefined) return same(this.activation());
        const channels = this.width(here);
        return { lines: [`${name} = ${from.name} -> ${this.convolution(channels)}`], here: { ...here, tensors: [...here.tensors, { name, channels }] } };
      }
      case 9: {
        const from = here.tensors.at(-1);
        return from === undefined ? same(this.activation()) : { lines: [`${from.name} -> ${this.activation()}`], here: { ...here, channels: from.channels } };
      }
      case 10: {
        const inner = this.fresh('g');
        return same(`repeat 2 ${this.block([`${inner} = ${this.convolution(here.channels)}`, inner, this.activation()])}`);
      }
      case 11: {
        const [f, g] = [this.fresh('f'), this.fresh('g')];
        return same(`repeat 2 ${this.block([`input ${f}`, `${g} = ${f} -> ${this.convolution(here.channels)}`, `${f} + ${g} -> ReLU`])}`);
      }
      case 12: {
        const [n, skip] = [this.fresh('n'), this.fresh('skip')];
        return { lines: [`for ${n} in [4, 6] ${this.block([this.convolution(n), 'ReLU', `output ${skip}`])}`, `concat(${skip})`], here: { ...here, channels: '10' } };
      }
      case 13:
        return same(`add ${this.block([this.convolution(here.channels), `${this.convolution(here.channels)} -> ReLU`])}`);
      case 14: {
        const stack = this.chance.pick([...here.stacks, undefined]);
        if (stack === undefined) return same(this.activation());
        const channels = this.chance.pick(['4', '6', 'width']);
        const given = this.chance.pick([channels, `${channels}, 1`, `n = ${channels}, k = 3`]);
        if (!this.pairs.has(stack)) return { lines: [`${stack}(${given})`], here: { ...here, channels } };
        const [from] = here.tensors;
        return from === undefined ? same(this.activation()) : { lines: [`${stack}(${given})(${from.name}, ${from.name})`], here: { ...here, channels } };
      }
      case 15:
        return same(...Array.from({ length: 2 + this.chance.below(2) }, () => 'Conv2d(4, 3, padding = 1)'), `Conv2d(${here.channels}, 1)`);
      default: {
        const sizes = this.chance.pick([['4', '6'], ['2', '4', '8']]);
        return { lines: sizes.flatMap((size) => [`Conv2d(${size}, 3, padding = 1)`, 'ReLU']), here: { ...here, channels: sizes.at(-1)! } };
      }
    }
  }
}

/** A text without errors that has at least one model. */
export const anyProgram: fc.Arbitrary<string> = fc.array(fc.nat(2 ** 20), { minLength: 40, maxLength: 40 }).map((numbers) => new Writer(new Chance(numbers)).file());
