import type { AnyWidget } from '@anywidget/types';
import { h } from 'preact';
import { applyModels } from '../contract/decode';
import type { ModelsDelta, ModelsPayload } from '../contract/types.gen';
import { CellSource } from '../rpc/cell';
import { mount } from '../ui/mount';
import { ModelCell } from '../views/ModelView';

// One source for all views of a widget, so that a view opened later misses nothing.
const widget: AnyWidget = () => {
  let source: CellSource<ModelsPayload, ModelsDelta>;
  return {
    initialize({ model: host }) {
      source = new CellSource<ModelsPayload, ModelsDelta>(host, applyModels);
      return () => source.dispose();
    },
    render({ model: host, el }) {
      return mount(el, h(ModelCell, { source, host }));
    }
  };
};

export default widget;
