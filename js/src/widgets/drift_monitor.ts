import type { AnyWidget } from '@anywidget/types';
import { h } from 'preact';
import { applyDrift } from '../contract/decode';
import type { DriftDelta, DriftPayload } from '../contract/types.gen';
import { CellSource } from '../rpc/cell';
import { mount } from '../ui/mount';
import { DriftCell } from '../views/DriftView';

// One source for all views of a widget, so that a view opened later misses nothing.
const widget: AnyWidget = () => {
  let source: CellSource<DriftPayload, DriftDelta>;
  return {
    initialize({ model: host }) {
      source = new CellSource<DriftPayload, DriftDelta>(host, applyDrift);
      return () => source.dispose();
    },
    render({ model: host, el }) {
      return mount(el, h(DriftCell, { source, host }));
    }
  };
};

export default widget;
