import type { AnyWidget } from '@anywidget/types';
import { h } from 'preact';
import { applyExperiments, hasAllRuns, withOlder } from '../contract/decode';
import type { ExperimentsDelta, ExperimentsPayload } from '../contract/types.gen';
import { CellSource } from '../rpc/cell';
import { mount } from '../ui/mount';
import { ExperimentCell } from '../views/cells';

// One source for all views of a widget, so that a view opened later misses nothing.
const widget: AnyWidget = () => {
  let source: CellSource<ExperimentsPayload, ExperimentsDelta>;
  return {
    initialize({ model: host }) {
      source = new CellSource<ExperimentsPayload, ExperimentsDelta>(host, applyExperiments, { isWhole: hasAllRuns, withOlder });
      return () => source.dispose();
    },
    render({ model: host, el }) {
      return mount(el, h(ExperimentCell, { source, host }));
    }
  };
};

export default widget;
