import type { AnyWidget } from '@anywidget/types';
import { h } from 'preact';
import { applyTasks } from '../contract/decode';
import type { TasksDelta, TasksPayload } from '../contract/types.gen';
import { CellSource } from '../rpc/cell';
import { mount } from '../ui/mount';
import { TaskCell } from '../views/cells';

// One source for all views of a widget, so that a view opened later misses nothing.
const widget: AnyWidget = () => {
  let source: CellSource<TasksPayload, TasksDelta>;
  return {
    initialize({ model: host }) {
      source = new CellSource<TasksPayload, TasksDelta>(host, applyTasks);
      return () => source.dispose();
    },
    render({ model: host, el }) {
      return mount(el, h(TaskCell, { source, host }));
    }
  };
};

export default widget;
