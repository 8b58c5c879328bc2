// The hover on a stack, a model or a function: documentation, arguments, totals, requirements.

import type * as ast from '../../../../grammar/ast';
import { walk } from '../../../../grammar/walk';
import { printType } from '../../layers/tensor';
import type { UnderstoodStack } from '../../semantics/alone';
import { countMacs, countParameters } from '../../semantics/cost';
import type { EvaluatedModel } from '../../semantics/model';
import { requirementsOf } from '../../semantics/requirements';
import { type Application, applicationsInModels, costOfModel, countOf, lastOutput, modelOf, ofOneRun, typeOf } from '../figures';
import { code, codeBlock, escaped, paragraphs } from '../markdown';
import { grouped } from '../numbers';
import { declarationNamed } from '../names';
import { printSignature, signatureOfDeclaration, spellValue, textOf } from '../spelling';
import type { Document, Source } from '../workspace';
import { applicationTable } from './application';
import { computationOf } from './computation';
import { functionPart } from './function';
import { type Fact, factTable, fieldFacts, withFormula } from './facts';
import { requirementList } from './value';

/** The page of a declaration, which may stand in another file. */
export function declarationPage(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, source: Source, document: Document): string {
  const signature = printSignature(signatureOfDeclaration(declaration, source.text), declaration.kind === 'function');
  return paragraphs(
    codeBlock(`${declaration.kind} ${signature}${meaningOf(declaration, source)}`),
    declaration.documentation ?? documentationOfBase(declaration, source, document),
    declaration.kind === 'model' ? modelPart(declaration, document) : declaration.kind === 'stack' ? stackPart(declaration, document) : functionPart({ kind: 'function', name: declaration.name.text, target: { kind: 'declaration', declaration, file: source.uri } }, document),
  );
}

/** What a function or a variant stands for. */
function meaningOf(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, source: Source): string {
  const value = declaration.kind === 'function' ? declaration.body : declaration.kind === 'model' ? declaration.variant : undefined;
  return value === undefined ? '' : ` = ${textOf(value, source.text)}`;
}

/** A variant without documentation has that of the model that it varies. */
function documentationOfBase(declaration: ast.Stack | ast.Model | ast.FunctionDeclaration, source: Source, document: Document): string | undefined {
  const variant = declaration.kind === 'model' ? declaration.variant : undefined;
  const callee = variant?.kind === 'call' ? variant.callee : variant;
  const base = callee?.kind === 'name' ? declarationNamed(callee.text, source, document)?.declaration : undefined;
  return base === declaration ? undefined : base?.documentation;
}

function modelPart(declaration: ast.Model, document: Document): string | undefined {
  const template = document.analysis.templates.find((each) => each.declaration === declaration);
  if (template !== undefined) return `A template: it needs ${template.missing.map(code).join(', ')}, as in ${code(`model Name = ${declaration.name.text}(…)`)}.`;
  const model = modelOf(document, declaration);
  return model === undefined ? undefined : totalsOf(model, document);
}

/** Inputs, outputs, totals and requirements of an evaluated model. */
function totalsOf(model: EvaluatedModel, document: Document): string {
  const { graph } = model;
  const { parameters, buffers, macs } = costOfModel(model);
  const facts: Fact[] = [];
  for (const input of [...graph.inputs, ...graph.targets]) {
    const { source } = input;
    if (source.kind !== 'input' && source.kind !== 'target') continue;
    facts.push([source.kind === 'input' ? 'Input' : 'Target', `${code(source.name)} ${code(printType(input.type))}`]);
  }
  for (const { name, tensors } of graph.outputs) facts.push(['Output', `${code(name)} ${tensors.map((tensor) => code(printType(tensor.type))).join(', ')}`]);
  // Totals of a part are no totals.
  if (graph.finished || !model.complete) {
    facts.push(['Parameters', `${withFormula(parameters, undefined)} trainable`]);
    if (buffers !== 0) facts.push(['Buffers', `${withFormula(buffers, undefined)}, kept but not trained`]);
    if (macs !== 0) facts.push(['MACs', `${withFormula(macs, undefined)} for one example`]);
  }
  const output = lastOutput(model)?.tensors[0];
  if (output !== undefined) facts.push(...fieldFacts(graph, output, document));
  const requirements = requirementsOf(model);
  return paragraphs(
    factTable(facts),
    requirements.length === 0 ? undefined : requirementList(requirements, document),
    computationOf(model, document),
    graph.finished || !model.complete ? undefined : 'The model has errors, so that its totals are not known.',
    model.complete ? undefined : 'A limit ended the evaluation, so that these figures are those of its beginning.',
  );
}

/** How a stack is applied in the models of this file. */
function stackPart(declaration: ast.Stack, document: Document): string | undefined {
  const applications = applicationsOf(declaration, document);
  const model = escaped(applications[0]?.model ?? '');
  const applied = applications.length === 0 ? 'No model of this file applies it.' : paragraphs(`Applied ×${grouped(countOf(applications))} in ${model}:`, applicationTable(applications));
  const understood = document.analysis.understood(declaration);
  if (understood !== undefined) return paragraphs(byItself(understood), applied);
  return applications.length === 0 ? paragraphs(applied, wayToShapes(declaration)) : applied;
}

/** What would make the shapes known of a stack that nothing applies. */
function wayToShapes({ parameters, body }: ast.Stack): string {
  const open = parameters.filter((parameter) => parameter.default === undefined).map(({ name }) => code(name.text));
  const inputs = body.statements.filter((statement) => statement.kind === 'input');
  const bare = inputs.filter(({ type }) => type?.shape === undefined).map(({ name }) => code(`input ${name.text}`));
  const shapes = inputs.length === 0 ? [`an input with a shape, such as ${code('input x: [C, H, W]')},`] : bare.length === 0 ? [] : [`a shape behind ${bare.join(' and ')}`];
  const help = [...shapes, ...(open.length === 0 ? [] : [`${open.length === 1 ? 'a default' : 'defaults'} for ${open.join(', ')}`])];
  return `Its shapes are shown where a model applies it${help.length === 0 ? '' : `; ${help.join(' and ')} may make them known without one`}.`;
}

/** What is known of every application of a stack. */
function byItself({ run, body, defaults }: UnderstoodStack): string {
  const { graph } = run;
  const { parameters, macs } = { parameters: countParameters(graph.parameters), macs: countMacs(graph.nodes) };
  const inputs = graph.inputs.map(({ type }) => code(printType(type))).join(', ');
  const result = body.result === undefined ? undefined : typeOf(body.result);
  const facts: Fact[] = [[graph.inputs.length > 1 ? 'Inputs' : 'Input', inputs]];
  if (result !== undefined) facts.push(['Output', code(result)]);
  facts.push(['Parameters', withFormula(parameters, undefined)]);
  if (macs !== 0) facts.push(['MACs', `${withFormula(macs, undefined)} for one example`]);
  const given = [...defaults].map(([name, value]) => code(`${name} = ${spellValue(value)}`));
  const requirements = requirementsOf(run);
  return paragraphs(
    `By itself${given.length === 0 ? '' : `, with ${given.join(', ')}`}:`,
    factTable(facts),
    requirements.length === 0 ? undefined : `Requires ${requirements.flatMap(({ conditions }) => conditions).map(code).join(' and ')}`,
  );
}

/** All applications of a stack or model in the first evaluated model that has any. */
function applicationsOf(declaration: ast.Stack, document: Document): readonly Application[] {
  const found: Application[] = [];
  walk(document.tree, {
    enter(node) {
      if (node.kind !== 'name' && node.kind !== 'call') return undefined;
      if (makes(node, declaration, document)) found.push(...applicationsInModels(document, node));
      return undefined;
    },
  });
  return ofOneRun(found);
}

/** Whether an expression makes a layer of this declaration. */
function makes(node: ast.Name | ast.Call, declaration: ast.Stack, document: Document): boolean {
  const observations = document.analysis.observations(node)?.first ?? [];
  return observations.some(({ value }) => {
    if (node.kind === 'name') return value.kind === 'constructor' && value.target.kind === 'declaration' && value.target.declaration === declaration;
    return value.kind === 'layer' && value.layer.kind === 'body' && value.layer.node === declaration && value.layer.origin.node === node;
  });
}
