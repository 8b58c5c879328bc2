// Lowering of what stands between commas: arguments, parameters, elements of lists and shapes, slices.

import type { CstNode, IToken } from 'chevrotain';
import type { Span } from '../server/src/base/span';
import type * as ast from './ast';
import { isEmpty, nodeIn, nodesIn, tokenIn, tokensIn } from './cst';
import type { Group, Segment } from './layout';
import type { ExpressionLowering, Host } from './lower-expression';
import * as say from './messages';
import { spanOf } from './messages';
import { beginsValue, parseRule } from './parser';
import { endOf, is, isKeyword, Name } from './tokens';

/** An item as parsed: `name = value`, `...`, or values between colons. */
interface Item {
  readonly tree: CstNode;
  readonly first: IToken;
  readonly last: IToken;
  readonly span: Span;
}

export class ItemLowering {
  constructor(
    private readonly expressions: ExpressionLowering,
    private readonly host: Host,
  ) {}

  /** The arguments in the `( … )` of a call. */
  arguments(group: Group): ast.Argument[] {
    return this.items(group, (item) => {
      const word = tokenIn(item.tree, 'Name');
      const value = this.single(item, tokenIn(item.tree, 'Equals'));
      return { kind: 'argument', ...(word && { name: this.expressions.word(word) }), value, span: item.span };
    });
  }

  /** The parameters in the `( … )` of a declaration. */
  parameters(group: Group): ast.Parameter[] {
    const parameters = this.items(
      group,
      (item): ast.Parameter => {
        const equals = tokenIn(item.tree, 'Equals');
        const word = equals === undefined ? item.first : tokenIn(item.tree, 'Name')!;
        const isName = equals !== undefined || (item.first === item.last && is(word, Name));
        if (!isName && !isKeyword(word))
          this.host.report(say.misplaced(word, 'a parameter is a name, or a name with a default: `stride = 1`'));
        const name = isName || isKeyword(word) ? this.expressions.name(word) : this.expressions.noName(word.startOffset);
        const value = equals && this.single(item, equals);
        return { kind: 'parameter', name, ...(value && { default: value }), span: item.span };
      },
      false,
    );
    return parameters;
  }

  /** The dimensions in the `[ … ]` of a type. */
  dimensions(group: Group): ast.Dimension[] {
    return this.items(
      group,
      (item): ast.Dimension => {
        const ellipsis = tokenIn(item.tree, 'Ellipsis');
        this.refuseName(item);
        return ellipsis === undefined ? this.single(item, undefined) : { kind: 'ellipsis', span: spanOf(ellipsis) };
      },
      false,
    );
  }

  /** The values in a list, or in parentheses. */
  elements(group: Group): ast.Expression[] {
    return this.items(group, (item) => this.element(item));
  }

  /** What stands in the `[ … ]` behind a value. */
  subscripts(group: Group): ast.IndexItem[] {
    return this.items(group, (item) => this.subscript(item), false);
  }

  private element(item: Item): ast.Expression {
    this.refuseName(item);
    return this.single(item, undefined);
  }

  private subscript(item: Item): ast.IndexItem {
    const ellipsis = tokenIn(item.tree, 'Ellipsis');
    this.refuseName(item);
    if (ellipsis !== undefined) return { kind: 'ellipsis', span: spanOf(ellipsis) };
    const colons = tokensIn(item.tree, 'Colon');
    if (colons.length === 0) return this.single(item, undefined);
    if (colons.length > 2) this.host.report(say.misplaced(colons[2]!, 'a slice has at most three parts: `start:stop:step`'));
    const [start, stop, step] = nodesIn(item.tree, 'expression').map((tree, i) =>
      isEmpty(tree) ? undefined : this.expressions.expression(tree, colons[i - 1] ?? item.first),
    );
    return { kind: 'slice', ...(start && { start }), ...(stop && { stop }), ...(step && { step }), span: item.span };
  }

  /** The one value of an item that is no slice. */
  private single({ tree, first }: Item, after: IToken | undefined): ast.Expression {
    const ellipsis = tokenIn(tree, 'Ellipsis');
    const colon = tokenIn(tree, 'Colon');
    if (ellipsis !== undefined) {
      this.host.report(say.misplaced(ellipsis, '`...` stands only in shapes and indices'));
      return this.expressions.nothing(ellipsis.startOffset).node;
    }
    const value = this.expressions.expression(nodeIn(tree, 'expression')!, after ?? first);
    if (colon !== undefined)
      this.host.report(say.misplaced(colon, 'a `:` stands only in indices, as in `x[1:]`, and after the name of an input, target or param'));
    return value;
  }

  private refuseName({ tree }: Item): void {
    const equals = tokenIn(tree, 'Equals');
    if (equals !== undefined) this.host.report(say.misplaced(equals, '`name = value` stands only among the arguments of a call'));
  }

  /** Lowers each item of a bracket; what an item leaves over is one more item whose comma is missing. */
  private items<T>(group: Group, lower: (item: Item) => T, mayEndWithComma = true): T[] {
    return this.expressions.inside(() => {
      const result: T[] = [];
      for (const [i, segment] of group.segments.entries()) {
        if (segment.tokens.length > 0) this.item(segment, group, lower, result);
        else if (!(mayEndWithComma && i > 0 && i === group.segments.length - 1))
          this.host.report(say.emptyItem(i > 0 ? segment.start - 1 : segment.end));
      }
      return result;
    });
  }

  private item<T>(segment: Segment, group: Group, lower: (item: Item) => T, result: T[]): void {
    const { tree, used, unfit, left } = parseRule('item', segment.tokens);
    this.expressions.rest = unfit;
    if (used.length > 0) result.push(lower(itemOf(tree, used)));
    if (unfit === undefined) return;
    this.host.report(left.length === 0 ? say.superfluous(unfit) : say.itemLeftOver(unfit, group));
    if (used.length === 0 || left.length === 0 || !beginsValue(unfit)) return;
    const more = parseRule('item', [...left]);
    if (more.used.length > 0) result.push(lower(itemOf(more.tree, more.used)));
  }
}

function itemOf(tree: CstNode, used: readonly IToken[]): Item {
  const first = used[0]!;
  const last = used.at(-1)!;
  return { tree, first, last, span: { start: first.startOffset, end: endOf(last) } };
}
