// A skip connection of a stack that fits in some of its applications: it is projected where it does not, as residual networks are written.

import type * as ast from '../../../../grammar/ast';
import type { Fix } from '../../base/diagnostic';
import type { Observation } from '../../semantics/findings';
import type { Tensor } from '../../semantics/graph';
import { layerOf, makerOf } from '../../semantics/lint/network';
import { calleeOf, nameOfArgument } from '../callee';
import { wordsOf } from '../names';
import { separatorAt } from '../refactor/site';
import { dependsOn, origins, same } from './shapes';
import { around, insert, marked, type Site, textOf } from './site';

/** `skip = if shape(x)[0] != c { x -> Conv2d(c, 1) } else { x }` in front of `x + y`; a `residual` has no name for its x, so that all are projected. */
export function* projectWhereNeeded(site: Site): Iterable<Fix> {
  const sum = marked(site, 'binary');
  const statement = around(site, 'expression-statement', 'binding');
  const stack = around(site, 'stack');
  const residual = marked(site, 'residual');
  const unfit = residual && ends(site, residual.body).find(([from, to]) => !same(from.type.shape, to.type.shape));
  const layer = unfit && stack && projectionIn(site, stack, unfit)?.layer;
  if (layer !== undefined) {
    const edits = [{ span: { start: residual!.span.start, end: residual!.body.span.start }, text: 'add { ' }, insert(residual!.body.span.end, `; ${layer} }`)];
    yield { title: `Project the skip connection with ${layer}`, edits };
  }
  if (sum?.operator !== '+' || statement === undefined || stack === undefined) return;
  for (const [skip, body] of [[sum.left, sum.right], [sum.right, sum.left]] as const) {
    if (skip.kind !== 'name') continue;
    const pairs = pairsOf(site, skip, body).filter(([from, to]) => dependsOn(to, from));
    const unlike = pairs.find(([from, to]) => !same(from.type.shape, to.type.shape));
    if (unlike === undefined) continue;
    const projection = projectionIn(site, stack, unlike);
    if (projection === undefined) continue;
    const { layer, condition } = projection;
    const x = skip.text;
    const name = nameFor(site);
    const isAlways = pairs.every(([from, to]) => !same(from.type.shape, to.type.shape));
    const value = isAlways ? `${x} -> ${layer}` : `if ${condition(x)} { ${x} -> ${layer} } else { ${x} }`;
    yield {
      title: `Project the skip connection with ${layer}${isAlways ? '' : ' where it does not fit'}`,
      edits: [insert(statement.span.start, `${name} = ${value}${separatorAt(site.document, statement)}`), { span: skip.span, text: name }],
    };
  }
}

/** What came into a block and what it gave, each time. */
function ends(site: Site, { statements }: ast.Block): readonly (readonly [Tensor, Tensor])[] {
  const [first, last] = [statements[0], statements.at(-1)];
  if (first?.kind !== 'expression-statement' || last?.kind !== 'expression-statement') return [];
  let head: ast.Expression = first.value;
  while (head.kind === 'pipe') head = head.left;
  const incoming = site.document.analysis.applied(head)?.first ?? [];
  return tensorsOf(site, last.value).flatMap(({ tensor, by }) => {
    const input = incoming.find((each) => each.application !== undefined && each.chain === by.chain && each.run === by.run)?.application?.inputs[0];
    return input?.kind === 'tensor' ? [[input.tensor, tensor] as const] : [];
  });
}

function nameFor({ document }: Site): string {
  const words = wordsOf(document);
  return ['skip', 'shortcut', 'projected', 'skipped'].find((each) => !words.has(each)) ?? 'skip_connection';
}

/** What two expressions were worth in each application of the stack. */
function pairsOf(site: Site, a: ast.Expression, b: ast.Expression): readonly (readonly [Tensor, Tensor])[] {
  const others = tensorsOf(site, b);
  return tensorsOf(site, a).flatMap(({ tensor, by }) => {
    const other = others.find((each) => each.by.chain === by.chain && each.by.run === by.run);
    return other === undefined ? [] : [[tensor, other.tensor] as const];
  });
}

function tensorsOf(site: Site, node: ast.Expression): readonly { readonly tensor: Tensor; readonly by: Observation }[] {
  if (node.kind === 'pipe') return tensorsOf(site, node.right);
  return (site.document.analysis.applied(node)?.first ?? []).flatMap((by) => (by.value.kind === 'tensor' ? [{ tensor: by.value.tensor, by }] : []));
}

/** The projection in the words of the stack: the channels and the stride as the convolutions that are skipped write them. */
function projectionIn(site: Site, stack: ast.Stack, [from, to]: readonly [Tensor, Tensor]): { readonly layer: string; readonly condition: (x: string) => string } | undefined {
  const rank = from.type.shape.length;
  const isMap = rank >= 2 && rank <= 4;
  const strides: string[] = [];
  let width: string | undefined;
  let name: string | undefined;
  for (const tensor of origins(to)) {
    if (tensor === from) break;
    const node = makerOf(tensor);
    const call = node && layerOf(node)?.origin.node;
    if (node === undefined || call?.kind !== 'call' || call.span.start < stack.span.start || call.span.end > stack.span.end) continue;
    const written = (wanted: string): string | undefined => {
      const callee = calleeOf(call, site.document);
      const argument = callee && call.arguments.find((each) => nameOfArgument(call, each, callee) === wanted);
      return argument && textOf(site, argument.value);
    };
    const isConvolution = /^Conv[123]d$/.test(node.operation.name);
    if (width === undefined && (isConvolution || node.operation.name === 'Linear')) {
      name = node.operation.name;
      width = written(isConvolution ? 'out_channels' : 'out_features');
    }
    const stride = isConvolution ? written('stride') : undefined;
    if (stride !== undefined && stride !== '1') strides.push(stride);
  }
  if (width === undefined || name === undefined || strides.length > 1 || (!isMap && name !== 'Linear')) return undefined;
  const [stride] = strides;
  const axis = name === 'Linear' ? -1 : 0;
  const factor = /[-+%/]/.test(width) ? `(${width})` : width;
  return {
    layer: name === 'Linear' ? `Linear(${width})` : `${name}(${width}, 1${stride === undefined ? '' : `, stride = ${stride}`})`,
    condition: (x) => `${stride === undefined ? '' : `${stride} != 1 or `}shape(${x})[${String(axis)}] != ${factor}`,
  };
}
