import type { FlowNode } from '@cairn/monitoring';
import { flowRows, flowSvg, lossesOf } from './flow-diagram.js';

const node = (id: string, count: number, ...children: readonly FlowNode[]): FlowNode => ({
  id,
  label: id,
  count,
  children,
});

const flow = node('referred', 10, node('not', 3), node('randomised', 7, node('lost', 2), node('kept', 5)));

describe('a flow diagram', () => {
  it('loses nobody, or says where', () => {
    expect(lossesOf(flow)).toEqual([]);
    const lossy = node('referred', 10, node('randomised', 9, node('kept', 9)));
    expect(lossesOf(lossy).map(({ id }) => id)).toEqual(['referred']);
  });

  it('has the same boxes as rows, each with the box that it comes from', () => {
    expect(flowRows(flow).map(({ node: { id }, from }) => [id, from?.id])).toEqual([
      ['referred', undefined],
      ['not', 'referred'],
      ['randomised', 'referred'],
      ['lost', 'randomised'],
      ['kept', 'randomised'],
    ]);
  });

  it('shows every box with its count, and escapes what it is called', () => {
    const svg = flowSvg(node('<b>', 1_234, node('a"b', 1_234)), '<title>').text;
    expect(svg).not.toMatch(/<b>|<title>|a"b/);
    expect(svg).toContain('n\u00a0=\u00a01234');
    expect(flowSvg(flow, 'flow').text.match(/<rect/g)).toHaveLength(5);
  });
});
