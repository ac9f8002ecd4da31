/** Code into the notebook that was active last. */
import { Clipboard, Notification } from '@jupyterlab/apputils';
import { type INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { withConnection } from './code';

/** Puts code into a new cell below the active one; without a notebook, onto the clipboard. */
export function insertCode(tracker: INotebookTracker | null, connecting: string, code: string): void {
  const panel = tracker?.currentWidget;
  const model = panel?.content.model;
  if (!panel || !model) {
    Clipboard.copyToSystem(withConnection(connecting, code, []));
    Notification.info('No notebook is open. The code is on the clipboard.', { autoClose: 5_000 });
    return;
  }
  const notebook = panel.content;
  const cells = [...model.cells].filter(cell => cell.type === 'code').map(cell => cell.sharedModel.getSource());
  notebook.mode = 'command'; // so that the new cell is not taken for a change of the active one
  NotebookActions.insertBelow(notebook);
  NotebookActions.changeCellType(notebook, 'code');
  notebook.activeCell?.model.sharedModel.setSource(withConnection(connecting, code, cells));
  void notebook.scrollToItem(notebook.activeCellIndex);
  panel.context.model.dirty = true;
}
